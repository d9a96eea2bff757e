//! Tests of the generator, on facts of a few lines.

use std::collections::BTreeMap;

use serde_json::json;

use crate::facts::{Schemas, Surface};
use crate::files::Files;
use crate::layout::{Item, distribute};
use crate::model::Model;
use crate::overlay::{Area, FileTable, GroupNote, Overlay};
use crate::plan::Plan;

/// Returns the files of a group `games` with a stream of the events `Turn`.
fn generate(note: GroupNote) -> BTreeMap<String, String> {
    try_generate(note).unwrap()
}

fn try_generate(note: GroupNote) -> crate::Result<BTreeMap<String, String>> {
    let surface: Surface = serde_json::from_value(json!({
        "info": {},
        "methods": [{
            "call": "games.play", "method": "GET", "path": "/v1/games",
            "responses": [{
                "status": ["200"], "media_type": "text/event-stream", "kind": "event-stream",
                "schema": {"$ref": "#/$defs/Turn"}
            }]
        }]
    }))
    .unwrap();
    let schemas: Schemas = serde_json::from_value(json!({
        "info": {},
        "$defs": {
            "Turn": {"type": "object", "properties": {"by": {"type": "string", "x-presence": "required"}}, "required": ["by"]}
        }
    }))
    .unwrap();
    let overlay = Overlay {
        area: vec![Area {
            feature: "games".to_owned(),
            facade: None,
            groups: vec!["games".to_owned()],
        }],
        groups: BTreeMap::from([("games".to_owned(), note)]),
        ..Overlay::default()
    };
    let model = Model::new(&schemas, &overlay)?;
    let plan = Plan::new(&surface, &model)?;
    Files::new(&plan, &model)?.all()
}

#[test]
fn group_without_modules_declares_its_types_and_events() {
    let files = generate(GroupNote::default());
    let types = &files["games/types.rs"];
    assert!(types.contains("impl StreamEvent for Turn"), "{types}");
    assert!(files["games/mod.rs"].contains("mod types;"));
}

#[test]
fn group_with_module_by_hand_declares_it_and_writes_no_file() {
    let modules = BTreeMap::from([
        ("merge".to_owned(), vec![]),
        ("score".to_owned(), vec!["Score".to_owned()]),
    ]);
    let files = generate(GroupNote {
        modules,
        ..GroupNote::default()
    });
    let module = &files["games/mod.rs"];
    for line in [
        "\nmod merge;\n",
        "\nmod score;\n",
        "\npub use self::score::{Score};\n",
    ] {
        assert!(module.contains(line), "{module}");
    }
    assert!(!module.contains("self::merge"), "{module}");
    let mut paths: Vec<_> = files.keys().filter(|it| it.starts_with("games/")).collect();
    paths.sort();
    assert_eq!(paths, ["games/mod.rs", "games/types.rs"]);
}

#[test]
fn module_by_hand_with_the_name_of_a_file_stops_with_its_name() {
    let error = try_generate(GroupNote {
        modules: BTreeMap::from([("types".to_owned(), vec![])]),
        ..GroupNote::default()
    })
    .unwrap_err();
    let problem = "games: `types` is the name of another module";
    assert!(error.to_string().ends_with(problem), "{error}");
}

#[test]
fn events_by_hand_are_not_implemented() {
    let files = generate(GroupNote {
        events: vec!["Turn".to_owned()],
        ..GroupNote::default()
    });
    let types = &files["games/types.rs"];
    assert!(types.contains("pub struct Turn"), "{types}");
    assert!(!types.contains("StreamEvent"), "{types}");
}

#[test]
fn type_that_request_and_response_share_can_be_created() {
    let board = |role: &str| {
        json!({
            "type": "object", "required": ["size"], "x-roles": [role],
            "properties": {"size": {"type": "integer", "x-presence": "required"}}
        })
    };
    let game = |role: &str, board: &str| {
        json!({
            "type": "object", "required": ["board"], "x-roles": [role],
            "properties": {"board": {"$ref": format!("#/$defs/{board}"), "x-presence": "required"}}
        })
    };
    let surface: Surface = serde_json::from_value(json!({
        "info": {},
        "methods": [{
            "call": "games.create", "method": "POST", "path": "/v1/games",
            "body": {
                "media_type": "application/json", "schema": {"$ref": "#/$defs/NewGame"},
                "required": true
            },
            "responses": [{
                "status": ["200"], "media_type": "application/json", "kind": "json",
                "schema": {"$ref": "#/$defs/Game"}
            }]
        }]
    }))
    .unwrap();
    let schemas: Schemas = serde_json::from_value(json!({
        "info": {},
        "$defs": {
            "Game": game("response", "Board"), "Board": board("response"),
            "NewGame": game("request", "NewBoard"), "NewBoard": board("request")
        }
    }))
    .unwrap();
    let overlay = Overlay {
        area: vec![Area {
            feature: "games".to_owned(),
            facade: None,
            groups: vec!["games".to_owned()],
        }],
        same: BTreeMap::from([("NewBoard".to_owned(), "Board".to_owned())]),
        ..Overlay::default()
    };
    let model = Model::new(&schemas, &overlay).unwrap();
    let plan = Plan::new(&surface, &model).unwrap();
    let files = Files::new(&plan, &model).unwrap().all().unwrap();
    let types: String = files.into_values().collect();
    let (before, _) = types.split_once("pub struct Board {").unwrap();
    let derive = before.rsplit_once("#[derive(").unwrap().1;
    assert!(derive.contains("ApiRequest"), "{derive}");
}

#[test]
fn types_follow_those_that_use_them_into_their_file() {
    let item = |name: &str, uses: &[&str]| Item {
        name: name.to_owned(),
        text: String::new(),
        uses: uses.iter().map(|it| (*it).to_owned()).collect(),
    };
    let items = vec![
        item("Other", &["Board"]),
        item("Game", &["Board", "Player"]),
        item("Board", &["Field"]),
        item("Field", &[]),
        item("Player", &[]),
    ];
    let table = FileTable::from([
        ("game".to_owned(), vec!["Game".to_owned()]),
        ("other".to_owned(), vec![]),
        ("player".to_owned(), vec!["Player".to_owned()]),
    ]);
    let mut problems = Vec::new();
    let parts = distribute("games", items, Some(&table), &[], &mut problems);
    let names = |(file, items): &(String, Vec<Item>)| {
        let names: Vec<_> = items.iter().map(|it| it.name.as_str()).collect();
        format!("{file}: {}", names.join(" "))
    };
    let parts: Vec<_> = parts.iter().map(names).collect();
    assert_eq!(
        parts,
        ["game: Game Board Field", "other: Other", "player: Player"]
    );
    assert!(problems.is_empty(), "{problems:?}");
}
