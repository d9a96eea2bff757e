//! Values of environment variables.

/// Returns a value without white space and one pair of quotes around it. Files of variables for
/// containers keep quotes as a part of the value.
pub(crate) fn unquote(value: &str) -> &str {
    let value = value.trim();
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"')
        .or_else(|| inside('\''))
        .map_or(value, str::trim)
}

#[cfg(test)]
mod tests {
    use super::unquote;

    #[test]
    fn env_value_loses_one_pair_of_quotes() {
        for (value, expected) in [
            ("abc", "abc"),
            (" abc\r\n", "abc"),
            ("\"abc\"", "abc"),
            ("'abc'", "abc"),
            (" \" abc \" \r", "abc"),
            ("\"'abc'\"", "'abc'"),
            ("\"\"", ""),
            ("\"", "\""),
            ("\"abc", "\"abc"),
            ("\"abc'", "\"abc'"),
            ("a\"b\"c", "a\"b\"c"),
        ] {
            assert_eq!(unquote(value), expected, "{value}");
        }
    }
}
