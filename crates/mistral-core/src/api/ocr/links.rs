//! The links of a page's Markdown.

/// Where a link is to lead.
pub(super) enum Target {
    /// To the file of that name.
    File(String),
    /// Nowhere: this text is to stand in its place.
    Text(String),
}

/// `text`, with each link to one of these ids led to where it belongs. A text without a link
/// is put at the end, so that it is not lost.
#[inline]
pub(super) fn relink(text: &str, links: &[(&str, Target)]) -> String {
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
            Some((Target::File(name), after)) => {
                relinked.extend(["](", name, ")"]);
                after
            }
            Some((Target::Text(text), after)) => {
                // What was the link's own text goes, too.
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
        if let Target::Text(text) = target
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
