//! Tests of the options.

use super::*;

fn parse_both(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Command, String> {
    parse(arguments.iter().map(OsString::from), |name| {
        let found = environment.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.into())
    })
}

fn options(arguments: &[&str], environment: &[(&str, &str)]) -> Options {
    match parse_both(arguments, environment).unwrap() {
        Command::Run(options) => *options,
        other => panic!("{other:?}"),
    }
}

#[test]
fn arguments_are_parsed_with_space_or_equals_sign() {
    let spaced = options(&["--port", "9000", "--api-key", "k"], &[]);
    assert_eq!(
        (spaced.port(), &spaced.api_keys[..]),
        (9000, &["k".to_owned()][..])
    );
    assert_eq!(options(&["--port=9000", "--api-key=k"], &[]), spaced);
    assert_eq!(
        parse_both(&["--port", "1", "--help"], &[]),
        Ok(Command::Help)
    );
    assert_eq!(parse_both(&["-V"], &[]), Ok(Command::Version));
}

#[test]
fn arguments_default_to_port_8019_on_loopback() {
    let options = options(&[], &[]);
    assert_eq!((options.host.as_str(), options.port()), ("127.0.0.1", 8019));
}

#[test]
fn arguments_precede_environment() {
    let environment = [
        ("MISTRAL_EMULATOR_PORT", "1"),
        ("MISTRAL_EMULATOR_HOST", "::"),
        ("MISTRAL_EMULATOR_API_KEY", "a, b"),
        ("MISTRAL_EMULATOR_ANY_MODEL", "true"),
        ("MISTRAL_EMULATOR_ANY_KEY", "0"),
        ("MISTRAL_EMULATOR_TOKENS_PER_SECOND", "50"),
    ];
    let from_environment = options(&[], &environment);
    assert_eq!(from_environment.port(), 1);
    assert_eq!(from_environment.api_keys, ["a", "b"]);
    assert!(from_environment.any_model && !from_environment.any_key);
    assert_eq!(from_environment.token_delay, Duration::from_millis(20));
    let both = options(&["--port=2", "--api-key=c", "--api-key=d"], &environment);
    assert_eq!((both.port(), both.host.as_str()), (2, "::"));
    assert_eq!(both.api_keys, ["c", "d"]);
}

#[test]
fn arguments_after_exec_belong_to_the_command() {
    for arguments in [
        &["--any-key", "exec", "ls", "--port"][..],
        &["--any-key", "exec", "--", "ls", "--port"],
    ] {
        let Ok(Command::Exec(options, command)) = parse_both(arguments, &[]) else {
            panic!("{arguments:?}");
        };
        assert!(options.any_key);
        assert_eq!(command, ["ls", "--port"]);
    }
}

#[test]
fn arguments_invalid_are_reported() {
    for (arguments, reason) in [
        (&["--prot", "1"][..], "unknown argument \"--prot\""),
        (&["extra"], "unknown argument \"extra\""),
        (&["--port"], "--port needs a value: N"),
        (&["--port", "many"], "\"many\" is not a port"),
        (&["--port", "70000"], "\"70000\" is not a port"),
        (&["--api-key", ""], "--api-key needs a value: KEY"),
        (&["--any-key=1"], "--any-key takes no value"),
        (&["--clock", "soon"], "\"soon\" is neither a date-time"),
        (&["--tokens-per-second", "0"], "not a number of tokens"),
        (&["--latency", "-1"], "not a number of milliseconds"),
        (&["--record", "f"], "--record needs --upstream"),
        (&["--upstream", "http://u"], "--upstream needs --record"),
        (&["--emulate-others"], "--emulate-others needs --replay"),
        (&["exec"], "exec needs a command"),
    ] {
        let found = parse_both(arguments, &[]).unwrap_err();
        assert!(found.contains(reason), "{found}");
    }
    let found = parse_both(&[], &[("MISTRAL_EMULATOR_PORT", "x")]).unwrap_err();
    assert!(
        found.contains("MISTRAL_EMULATOR_PORT: \"x\" is not a port"),
        "{found}"
    );
    let found = parse_both(&[], &[("MISTRAL_EMULATOR_VERBOSE", "x")]).unwrap_err();
    assert!(
        found.contains("MISTRAL_EMULATOR_VERBOSE must be true or false"),
        "{found}"
    );
}
