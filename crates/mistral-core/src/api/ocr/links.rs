//! Rewrites the links in the Markdown of a page.

/// The replacement of a link.
pub(super) enum LinkTarget {
    /// A link to the file of this name.
    File(String),
    /// This text in place of the whole link.
    Text(String),
}

/// Replaces the links in `text` to the ids in `links`. A [`LinkTarget::Text`] that no link
/// refers to is appended, so that it is not lost.
#[inline]
pub(super) fn relink(text: &str, links: &[(&str, LinkTarget)]) -> String {
    let mut relinked = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_placed = vec![false; links.len()];
    while let Some((before, after)) = rest.split_once("](") {
        relinked.push_str(before);
        let mut targets = links.iter().zip(&mut is_placed);
        let found = targets.find_map(|((id, target), is_placed)| {
            let after = after.strip_prefix(id)?.strip_prefix(')')?;
            *is_placed = true;
            Some((target, after))
        });
        rest = match found {
            Some((LinkTarget::File(name), after)) => {
                relinked.extend(["](", name, ")"]);
                after
            }
            Some((LinkTarget::Text(text), after)) => {
                // The label of the link is replaced, too.
                relinked.truncate(relinked.rfind('[').unwrap_or(relinked.len()));
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
    for ((_, target), is_placed) in links.iter().zip(is_placed) {
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
