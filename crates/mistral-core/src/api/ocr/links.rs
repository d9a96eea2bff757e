//! Rewrites the links in the Markdown of a page.

use std::collections::HashMap;

/// The maximum length of an id that links are searched for, in bytes. Longer ones would be compared
/// at each link.
const MAX_ID_LENGTH: usize = 1024;

/// The maximum number of closing parentheses up to which a link is read: one, unless its id has some.
const MAX_PARENTHESES: usize = 8;

/// The replacement of a link.
pub(super) enum LinkTarget {
    /// A link to the file of this name.
    File(String),
    /// This text in place of the whole link.
    Text(String),
}

/// The targets of the links of a page, by id.
#[derive(Default)]
pub(super) struct LinkTargets<'a> {
    targets: Vec<LinkTarget>,
    /// The position of the first target of each id.
    positions: HashMap<&'a str, usize>,
    /// The length of the longest id, in bytes.
    max_length: usize,
}

impl<'a> LinkTargets<'a> {
    pub(super) fn push(&mut self, id: &'a str, target: LinkTarget) {
        self.positions.entry(id).or_insert(self.targets.len());
        self.max_length = self.max_length.max(id.len());
        self.targets.push(target);
    }

    /// Returns the position of the target that the link at the start of `text` refers to, and the
    /// text after the link.
    fn find<'t>(&self, text: &'t str) -> Option<(usize, &'t str)> {
        let length = text.len().min(self.max_length.min(MAX_ID_LENGTH) + 1);
        let searched = text.as_bytes().get(..length)?;
        let ends = memchr::memchr_iter(b')', searched).take(MAX_PARENTHESES);
        ends.into_iter().find_map(|end| {
            let position = *self.positions.get(text.get(..end)?)?;
            Some((position, text.get(end + 1..)?))
        })
    }
}

/// Replaces the links in `text` to the ids of `links`. A [`LinkTarget::Text`] that no link
/// refers to is appended, so that it is not lost.
#[inline]
pub(super) fn relink(text: &str, links: &LinkTargets<'_>) -> String {
    let mut relinked = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_placed = vec![false; links.targets.len()];
    // The start of the label that precedes the next link.
    let mut label = None;
    while let Some((before, after)) = rest.split_once("](") {
        label = before.rfind('[').map(|at| relinked.len() + at).or(label);
        relinked.push_str(before);
        let found = links.find(after);
        if let Some(placed) = found.and_then(|(position, _)| is_placed.get_mut(position)) {
            *placed = true;
        }
        let found = found.and_then(|(position, after)| Some((links.targets.get(position)?, after)));
        rest = match found {
            Some((LinkTarget::File(name), after)) => {
                relinked.extend(["](", name, ")"]);
                after
            }
            Some((LinkTarget::Text(text), after)) => {
                // The label of the link is replaced, too.
                relinked.truncate(label.take().unwrap_or(relinked.len()));
                push_paragraph(&mut relinked, text);
                if !after.is_empty() && !after.starts_with("\n\n") {
                    relinked.push_str("\n\n");
                }
                after
            }
            None => {
                relinked.push_str("](");
                after
            }
        };
    }
    relinked.push_str(rest);
    for (target, is_placed) in links.targets.iter().zip(is_placed) {
        if let LinkTarget::Text(text) = target
            && !is_placed
        {
            push_paragraph(&mut relinked, text);
        }
    }
    relinked
}

fn push_paragraph(text: &mut String, paragraph: &str) {
    if !text.is_empty() && !text.ends_with("\n\n") {
        text.push_str("\n\n");
    }
    text.push_str(paragraph);
}
