//! Generates text that matches a regular expression.
//!
//! Literals, classes, escapes, groups, alternatives, repetitions and anchors are supported; there
//! is no text for lookarounds, back-references and flags.

use std::iter::Peekable;
use std::str::Chars;

/// Bounds the nesting of groups.
const MAX_DEPTH: usize = 40;
/// Bounds the length of the text.
const MAX_LENGTH: usize = 2_000;
/// Bounds the repetitions of groups that match nothing.
const MAX_STEPS: usize = 10_000;
/// The characters that are tried for a negated class, the plainest first.
const PLAIN: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_ .!/:@#";

/// Alternatives, each of which is a sequence.
type Alternatives = Vec<Vec<Repeated>>;

#[derive(Debug)]
struct Repeated {
    node: Node,
    min: usize,
    max: usize,
}

#[derive(Debug)]
enum Node {
    /// One of these characters.
    Characters(Vec<char>),
    Group(Alternatives),
    /// An anchor, which matches no character.
    Empty,
}

/// Generates text that matches the expression and whose length is within the bounds, both
/// inclusive. Texts of different variants differ if possible.
pub(super) fn instance(
    expression: &str,
    (min, max): (usize, usize),
    variant: usize,
) -> Option<String> {
    let mut parser = Parser {
        rest: expression.chars().peekable(),
        depth: 0,
    };
    let alternatives = parser.alternatives()?;
    if parser.rest.peek().is_some() || min > MAX_LENGTH {
        return None;
    }
    let text = |extra| {
        let mut generator = Generator {
            text: String::new(),
            length: 0,
            extra,
            variant,
            steps: MAX_STEPS,
        };
        generator.alternatives(&alternatives);
        (generator.length, generator.text)
    };
    // An empty text is valid, but of no use.
    let wanted = min.max(1).min(max);
    let mut texts = (0..=wanted).map(text);
    let found = texts.find(|(length, _)| (wanted..=max).contains(length));
    let (length, text) = found.unwrap_or_else(|| text(0));
    (min..=max).contains(&length).then_some(text)
}

struct Generator {
    text: String,
    /// The length of the text in characters.
    length: usize,
    /// The number of repetitions that may still be added to the necessary ones.
    extra: usize,
    variant: usize,
    /// The number of repetitions that may still be generated.
    steps: usize,
}

impl Generator {
    fn alternatives(&mut self, alternatives: &Alternatives) {
        let Some(sequence) = pick(alternatives, &mut self.variant) else {
            return;
        };
        for repeated in sequence {
            let added = self.extra.min(repeated.max.saturating_sub(repeated.min));
            self.extra -= added;
            for _ in 0..repeated.min.saturating_add(added) {
                if self.length >= MAX_LENGTH || self.steps == 0 {
                    return;
                }
                self.steps -= 1;
                self.node(&repeated.node);
            }
        }
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Characters(characters) => {
                if let Some(character) = pick(characters, &mut self.variant) {
                    self.text.push(*character);
                    self.length += 1;
                }
            }
            Node::Group(alternatives) => self.alternatives(alternatives),
            Node::Empty => {}
        }
    }
}

/// Picks an item and uses up the part of the variant that selects it.
fn pick<'a, T>(items: &'a [T], variant: &mut usize) -> Option<&'a T> {
    let count = items.len().max(1);
    let item = items.get(*variant % count);
    *variant /= count;
    item
}

struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    depth: usize,
}

impl Parser<'_> {
    fn alternatives(&mut self) -> Option<Alternatives> {
        let mut alternatives = vec![Vec::new()];
        while let Some(next) = self.rest.next_if(|next| *next != ')') {
            if next == '|' {
                alternatives.push(Vec::new());
                continue;
            }
            let node = self.node(next)?;
            let (min, max) = self.quantifier()?;
            alternatives.last_mut()?.push(Repeated { node, min, max });
        }
        Some(alternatives)
    }

    fn node(&mut self, first: char) -> Option<Node> {
        match first {
            '^' | '$' => Some(Node::Empty),
            '.' => Some(Node::Characters(PLAIN.chars().collect())),
            '(' => self.group(),
            '[' => self.class(),
            '\\' => self.escape(),
            '*' | '+' | '?' => None,
            other => Some(Node::Characters(vec![other])),
        }
    }

    fn group(&mut self) -> Option<Node> {
        if self.rest.next_if_eq(&'?').is_some() {
            // `(?:…)`, `(?<name>…)` and `(?P<name>…)` group; all others are not supported.
            self.rest.next_if_eq(&'P');
            match self.rest.next()? {
                ':' => {}
                '<' if !matches!(self.rest.peek()?, '=' | '!') => {
                    self.rest.by_ref().find(|character| *character == '>')?;
                }
                _ => return None,
            }
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let alternatives = self.alternatives()?;
        self.depth -= 1;
        self.rest.next_if_eq(&')')?;
        Some(Node::Group(alternatives))
    }

    /// Parses a quantifier, which is "once" if there is none.
    fn quantifier(&mut self) -> Option<(usize, usize)> {
        let bounds = match self.rest.peek() {
            Some('*') => (0, usize::MAX),
            Some('+') => (1, usize::MAX),
            Some('?') => (0, 1),
            Some('{') => return self.counted(),
            _ => return Some((1, 1)),
        };
        self.rest.next();
        self.skip_mode();
        Some(bounds)
    }

    /// Parses `{n}`, `{n,}` or `{n,m}`.
    fn counted(&mut self) -> Option<(usize, usize)> {
        let mut ahead = self.rest.clone();
        ahead.next();
        let inside: String = ahead.by_ref().take_while(|next| *next != '}').collect();
        let (min, max) = inside.split_once(',').unwrap_or((&inside, &inside));
        let Ok(min) = min.trim().parse() else {
            // The brace is a literal.
            return Some((1, 1));
        };
        let max = match max.trim() {
            "" => usize::MAX,
            max => max.parse().ok()?,
        };
        self.rest = ahead;
        self.skip_mode();
        (min <= max).then_some((min, max))
    }

    /// Skips the mark of a lazy or possessive quantifier.
    fn skip_mode(&mut self) {
        self.rest.next_if(|next| matches!(next, '?' | '+'));
    }

    fn class(&mut self) -> Option<Node> {
        let is_negated = self.rest.next_if_eq(&'^').is_some();
        let mut members: Vec<char> = Vec::new();
        let mut is_first = true;
        loop {
            let next = self.rest.next()?;
            match next {
                ']' if !is_first => break,
                '\\' => match self.escape()? {
                    Node::Characters(escaped) => self.range_or_all(escaped, &mut members)?,
                    // `\b` is a backspace in a class.
                    _ => return None,
                },
                other => self.range_or_all(vec![other], &mut members)?,
            }
            is_first = false;
        }
        Some(Node::Characters(if is_negated {
            PLAIN
                .chars()
                .filter(|character| !members.contains(character))
                .collect()
        } else {
            members
        }))
        .filter(|node| !matches!(node, Node::Characters(found) if found.is_empty()))
    }

    /// Adds characters to a class, or the range that begins with the only one of them.
    fn range_or_all(&mut self, start: Vec<char>, members: &mut Vec<char>) -> Option<()> {
        let mut ahead = self.rest.clone();
        let is_range = ahead.next() == Some('-') && ahead.peek().is_some_and(|end| *end != ']');
        let [first] = start.as_slice() else {
            members.extend(start);
            return Some(());
        };
        if !is_range {
            members.push(*first);
            return Some(());
        }
        let last = match ahead.next()? {
            '\\' => {
                self.rest = ahead;
                match self.escape()? {
                    Node::Characters(escaped) => *escaped.first()?,
                    _ => return None,
                }
            }
            last => {
                self.rest = ahead;
                last
            }
        };
        // The first characters suffice for a large range.
        members.extend((*first..=last).take(128));
        (*first <= last).then_some(())
    }

    /// Parses what follows a backslash.
    fn escape(&mut self) -> Option<Node> {
        let characters = match self.rest.next()? {
            'd' => ('0'..='9').collect(),
            'w' => PLAIN
                .chars()
                .filter(|next| next.is_ascii_alphanumeric() || *next == '_')
                .collect(),
            's' => vec![' '],
            'D' | 'S' => ('a'..='z').collect(),
            'W' => vec!['-', '.', '/'],
            'b' | 'B' | 'A' | 'z' | 'Z' => return Some(Node::Empty),
            't' => vec!['\t'],
            'n' => vec!['\n'],
            'r' => vec!['\r'],
            'f' => vec!['\u{c}'],
            'v' => vec!['\u{b}'],
            'x' => vec![self.hexadecimal(2)?],
            'u' => vec![self.hexadecimal(4)?],
            'p' => self.property()?,
            'k' | 'P' | 'c' | '0'..='9' => return None,
            other => vec![other],
        };
        Some(Node::Characters(characters))
    }

    fn hexadecimal(&mut self, digits: usize) -> Option<char> {
        let text: String = self.rest.by_ref().take(digits).collect();
        char::from_u32(u32::from_str_radix(&text, 16).ok()?)
    }

    /// Parses the name of a Unicode property: `{L}`, `{Lu}`, `{Ll}`, `{N}` or `{Nd}`.
    fn property(&mut self) -> Option<Vec<char>> {
        self.rest.next_if_eq(&'{')?;
        let name: String = self.rest.by_ref().take_while(|next| *next != '}').collect();
        match name.as_str() {
            "L" | "Ll" | "Letter" => Some(('a'..='z').collect()),
            "Lu" => Some(('A'..='Z').collect()),
            "N" | "Nd" => Some(('0'..='9').collect()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any(expression: &str) -> Option<String> {
        instance(expression, (0, usize::MAX), 0)
    }

    #[test]
    fn pattern_of_common_kinds_has_text() {
        for (expression, expected) in [
            ("^[A-Z]{3}$", "AAA"),
            (r"^\d{4}-\d{2}$", "0000-00"),
            (r"^\+?[1-9]\d{1,14}$", "10"),
            ("^(red|green)$", "red"),
            ("^#(?:[0-9a-f]{3}){1,2}$", "#000"),
            (r"^(?<year>\d+)x(?P<rest>.)$", "0xa"),
            (r"^[^\s@]+@[^\s@]+\.[a-z]{2,}$", "a@a.aa"),
            (r"[\w.-]+?", "a"),
            ("^[]a-]$", "]"),
            (r"^\x41\u0042\p{Lu}\{x\}$", "ABA{x}"),
            ("a{x}", "a{x}"),
            ("^$", ""),
            ("^[a-z]*$", "a"),
        ] {
            assert_eq!(any(expression).as_deref(), Some(expected), "{expression}");
        }
    }

    #[test]
    fn pattern_text_has_requested_length() {
        let within = |expression, min, max| instance(expression, (min, max), 0);
        assert_eq!(within("^[a-z]+-[a-z]+$", 10, 10).unwrap().len(), 10);
        assert_eq!(within("^[a-z]*$", 4, 8).as_deref(), Some("aaaa"));
        assert_eq!(within("^[a-z]*$", 0, 0).as_deref(), Some(""));
        assert_eq!(within("^[a-z]{3}$", 4, 8), None);
        assert_eq!(within("^[a-z]{3}$", 0, 2), None);
    }

    #[test]
    fn pattern_variants_differ() {
        let variant = |variant| instance("^[A-C]{2}$", (0, 9), variant).unwrap();
        let texts: Vec<String> = (0..9).map(variant).collect();
        let mut unique = texts.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), 9, "{texts:?}");
    }

    #[test]
    fn pattern_unsupported_or_broken_has_no_text() {
        for expression in [
            "^(?=a)b",
            "(?!a)",
            "(?<=a)b",
            "(?i)a",
            r"(a)\1",
            "(a",
            "a)",
            "[a",
            "*a",
            "[b-a]",
            "a{3,2}",
            r"\p{Greek}",
            "\\",
        ] {
            assert_eq!(any(expression), None, "{expression}");
        }
        assert_eq!(any(&"(".repeat(1_000)), None);
    }

    #[test]
    fn pattern_that_repeats_nothing_ends() {
        assert_eq!(any("^((^){999999999}){999999999}$").as_deref(), Some(""));
    }
}
