//! Patterns with wildcards, matched in linear time.

/// A pattern; see [`Redaction::patterns`](super::Redaction::patterns).
#[derive(Debug, Clone)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Char(char),
    /// `?`
    Any,
    /// `#`
    Digit,
    /// `*`
    Run,
}

impl Part {
    #[inline]
    fn matches(self, letter: char) -> bool {
        match self {
            Self::Char(own) => own == letter,
            Self::Any | Self::Run => !letter.is_whitespace(),
            Self::Digit => letter.is_ascii_digit(),
        }
    }
}

impl Pattern {
    #[inline]
    pub(super) fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            parts.push(match letter {
                '*' if parts.last() == Some(&Part::Run) => continue,
                '*' => Part::Run,
                '?' => Part::Any,
                '#' => Part::Digit,
                '\\' => Part::Char(letters.next().unwrap_or('\\')),
                letter => Part::Char(letter),
            });
        }
        Self(parts)
    }

    /// Replaces every match by `mask`. Returns `None` if there is none.
    #[inline]
    pub(super) fn replace(&self, text: &str, mask: &str) -> Option<String> {
        let mut replaced = String::new();
        let mut rest = text;
        while let Some((start, end)) = self.find(rest) {
            replaced.push_str(rest.get(..start)?);
            replaced.push_str(mask);
            rest = rest.get(end..)?;
        }
        if rest.len() == text.len() {
            return None;
        }
        replaced.push_str(rest);
        Some(replaced)
    }

    /// Returns the first match, the longest of those that start there, as its start and end.
    ///
    /// Advances all partial matches together, one character at a time: backtracking would take
    /// exponential time for some patterns. `starts` has the earliest start for each number of parts
    /// that match.
    #[inline]
    fn find(&self, text: &str) -> Option<(usize, usize)> {
        let mut starts: Vec<Option<usize>> = vec![None; self.0.len() + 1];
        let mut found: Option<(usize, usize)> = None;
        for (at, letter) in text.char_indices() {
            if found.is_none()
                && let Some(first) = starts.first_mut()
            {
                first.get_or_insert(at);
            }
            self.skip_runs(&mut starts);
            starts = self.advance(&starts, letter);
            self.skip_runs(&mut starts);
            let end = at + letter.len_utf8();
            if let Some(Some(start)) = starts.last()
                && found.is_none_or(|(first, _)| *start <= first)
            {
                found = Some((*start, end));
            }
            if let Some((first, _)) = found {
                let is_later = |start: usize| start > first;
                starts
                    .iter_mut()
                    .for_each(|start| *start = start.filter(|&start| !is_later(start)));
                if starts.iter().all(Option::is_none) {
                    break;
                }
            }
        }
        found
    }

    /// Returns the partial matches after one more character.
    #[inline]
    fn advance(&self, starts: &[Option<usize>], letter: char) -> Vec<Option<usize>> {
        let mut next = vec![None; starts.len()];
        for (index, (part, start)) in self.0.iter().zip(starts).enumerate() {
            let matched = start.filter(|_| part.matches(letter));
            let to = if *part == Part::Run { index } else { index + 1 };
            if let Some(slot) = next.get_mut(to) {
                *slot = earlier(*slot, matched);
            }
        }
        next
    }

    /// A run may be empty: what matches before it also matches with it.
    #[inline]
    fn skip_runs(&self, starts: &mut [Option<usize>]) {
        for (index, part) in self.0.iter().enumerate() {
            if *part != Part::Run {
                continue;
            }
            let before = starts.get(index).copied().flatten();
            if let Some(after) = starts.get_mut(index + 1) {
                *after = earlier(*after, before);
            }
        }
    }
}

#[inline]
fn earlier(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redact_pattern_replaces_longest_matches() {
        for (pattern, text, redacted) in [
            ("sk-*", "key sk-abc123, and sk-x", "key *** and ***"),
            ("*@*.*", "write to ann@mail.example now", "write to *** now"),
            ("####-####", "a 1234-5678 b", "a *** b"),
            ("####", "12345", "***5"),
            ("?at", "cat hat at", "*** *** at"),
            ("\\#\\*", "#1 #* x", "#1 *** x"),
            ("DE##*", "IBAN DE89370400440532013000.", "IBAN ***"),
            ("a b*", "a bcd e", "*** e"),
            ("aab", "aaab", "a***"),
            ("naïve*", "so naïveté é", "so *** é"),
            ("*", "one two", "*** ***"),
        ] {
            let replaced = Pattern::parse(pattern).replace(text, "***");
            assert_eq!(replaced.as_deref(), Some(redacted), "{pattern}");
        }
        for (pattern, text) in [("sk-*", "ask"), ("##", "1 2"), ("", "text"), ("a*b", "a b")] {
            assert_eq!(
                Pattern::parse(pattern).replace(text, "***"),
                None,
                "{pattern}"
            );
        }
    }

    #[test]
    fn redact_pattern_with_many_wildcards_takes_linear_time() {
        let text = "a".repeat(200_000);
        // Backtracking, or a scan from every start, would not finish.
        assert_eq!(Pattern::parse("a*a*a*a*a*b").replace(&text, "***"), None);
    }
}
