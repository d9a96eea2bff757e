//! Tests that the generator stops at what it does not accept, and names it.

use crate::folder::{Folder, with_files};

#[test]
fn unknown_construct_stops_with_its_name() {
    let cases = [
        (
            "schemas.json",
            "\"properties\": {\"text\"",
            "\"oneOf\": [], \"properties\": {\"text\"",
            "`Note`: unknown field `oneOf`",
        ),
        (
            "schemas.json",
            "\"x-presence\": \"three-state\"",
            "\"x-presence\": \"maybe\"",
            "`Note.author` has an unknown presence",
        ),
        (
            "schemas.json",
            "\"type\": \"boolean\"",
            "\"type\": \"tuple\"",
            "`Note.pinned`: unknown kind of schema: `tuple`",
        ),
        (
            "surface.json",
            "\"kind\": \"event-stream\"",
            "\"kind\": \"socket\"",
            "`notes.watch`: unknown response `socket`",
        ),
        (
            "surface.json",
            "\"media_type\": \"application/json\", \"schema\": {\"anyOf\"",
            "\"media_type\": \"application/xml\", \"schema\": {\"anyOf\"",
            "`notes.annotate`: unknown body `application/xml`",
        ),
        (
            "surface.json",
            "\"style\": \"cursor\"",
            "\"style\": \"ring\"",
            "`notes.list`: unknown pages by `ring`",
        ),
        (
            "surface.json",
            "\"name\": \"last-event-id\"",
            "\"name\": \"x-new\"",
            "`notes.watch`: unknown header `x-new`",
        ),
        (
            "surface.json",
            "\"call\": \"notes.delete\"",
            "\"call\": \"notes.delete\", \"callbacks\": {}",
            "callbacks",
        ),
        (
            "overlay.toml",
            "groups = [\"notes\"]",
            "groups = [\"other\"]",
            "these groups are in no area: add them under [[area]] of the overlay\n  notes\n",
        ),
        ("overlay.toml", "[twins]", "[rules]", "rules"),
    ];
    for (file, from, to, message) in cases {
        let folder = Folder::new();
        folder.replace(file, from, to);
        folder.run(&[]).failure(message);
    }
}

#[test]
fn prose_that_does_not_agree_with_the_facts_stops_with_its_name() {
    let cases = [
        (
            "[methods.\"notes.delete\"]",
            "[methods.\"notes.remove\"]",
            "docs/notes.toml: [methods] notes.remove",
        ),
        (
            "[schemas.NotePage]",
            "[schemas.NotesPage]",
            "docs/notes.toml: [schemas] NotesPage",
        ),
        (
            "fields.author",
            "fields.writer",
            "docs/notes.toml: [schemas] Note.fields.writer",
        ),
        (
            "values.removed",
            "values.gone",
            "docs/notes.toml: [schemas] NoteEvent.values.gone",
        ),
        (
            "query_fields.page_size",
            "query_fields.size",
            "docs/notes.toml: [methods] notes.list.query_fields.size",
        ),
        (
            "doc = \"Deletes a note.\"",
            "text = \"Deletes a note.\"",
            "unknown field `text`",
        ),
    ];
    for (from, to, message) in cases {
        let folder = Folder::new();
        folder.replace("docs/notes.toml", from, to);
        folder.run(&[]).failure(message);
    }
    let folder = Folder::new();
    folder.write(
        "../../../spec/docs/more.toml",
        "[schemas.Note]\ndoc = \"A note.\"\n",
    );
    folder.run(&[]).failure("`Note` has two sentences");
}

#[test]
fn overlay_about_what_the_facts_do_not_have_stops_with_all_entries() {
    let cases = [
        ("[types]", "NoteBook = \"Book\"", "[types] NoteBook"),
        ("[core]", "Paper = \"mistral_core::Paper\"", "[core] Paper"),
        ("[same]", "NoteCopy = \"Notes\"", "[same] NoteCopy"),
        (
            "[omitted]",
            "\"Note.color\" = \"not used\"",
            "[omitted] Note.color",
        ),
        (
            "[methods]",
            "\"notes.close\" = { name = \"end\" }",
            "[methods] notes.close",
        ),
        (
            "[stable]",
            "\"notes.open\" = \"mistral_core::open\"",
            "[stable] notes.open",
        ),
    ];
    let folder = Folder::new();
    for (table, entry, _) in cases {
        folder.replace("overlay.toml", table, &format!("{table}\n{entry}"));
    }
    for (_, _, message) in cases {
        folder.run(&[]).failure(&format!("\n  {message}\n"));
    }
}

#[test]
fn entries_that_change_nothing_stop_with_all_of_them() {
    let cases = [
        (
            "[groups]",
            "notes = { name = \"Notes\" }",
            "[groups] notes.name",
        ),
        (
            "[methods]",
            "\"notes.list\" = { doc = \"Lists.\" }",
            "[methods] notes.list.doc",
        ),
        (
            "[methods]",
            "\"notes.delete\" = { idempotent = true }",
            "[methods] notes.delete.idempotent",
        ),
        ("[types]", "NotePage = \"NotePage\"", "[types] NotePage"),
        ("[same_prefix]", "Book = \"Note\"", "[same_prefix] Book"),
        ("[twins]", "papers = \"notes\"", "[twins] papers"),
    ];
    let folder = Folder::new();
    for (table, entry, _) in cases {
        folder.replace("overlay.toml", table, &format!("{table}\n{entry}"));
    }
    folder.replace(
        "overlay.toml",
        "groups = [\"notes\"]",
        "groups = [\"notes\", \"books\"]",
    );
    folder.replace(
        "docs/notes.toml",
        "[fields]",
        "[fields]\ncolor = \"The color\"",
    );
    let copy = "[schemas.NoteCopy]\ndoc = \"A copy.\"\n\n[schemas.User]";
    folder.replace("docs/notes.toml", "[schemas.User]", copy);
    folder.run(&[]).failure("change nothing: remove them");
    for (_, _, message) in cases {
        folder.run(&[]).failure(&format!("\n  {message}\n"));
    }
    folder.run(&[]).failure("\n  [[area]] books\n");
    folder
        .run(&[])
        .failure("\n  docs/notes.toml: [schemas] NoteCopy");
    folder
        .run(&[])
        .failure("\n  docs/notes.toml: [fields] color");
}

#[test]
fn schemas_called_the_same_must_be_equal() {
    let folder = Folder::new();
    folder.replace("overlay.toml", "[same]", "[same]\nNoteCopy = \"Note\"");
    folder.run(&[]).success();
    folder.replace(
        "schemas.json",
        "\"NoteCopy\": {\"properties\": {\"text\"",
        "\"NoteCopy\": {\"properties\": {\"body\"",
    );
    folder
        .run(&[])
        .failure("`NoteCopy` is not the same as `Note`: the field `body`");
}

#[test]
fn table_of_files_that_does_not_agree_stops_with_its_name() {
    let cases = [
        (
            "note = [\"Notes\"]",
            "notes: `note` lists `Notes`, which is no type",
        ),
        ("note = [\"Note\"]", "notes: `NotePage` is in no file"),
        (
            "a = [\"Note\"]\nb = [\"Note\"]\nc = []",
            "notes: `Note` is in two files",
        ),
        ("a = []\nb = []", "notes: two files are for all other types"),
        ("a = []\nb = [\"Notes\"]", "notes: `b` has no types"),
        (
            "operations = []",
            "notes: `operations` is the name of another module",
        ),
        ("Note = []", "notes: `Note` is no name of a file"),
    ];
    for (table, message) in cases {
        with_files(table).run(&[]).failure(message);
    }
    let folder = with_files("note = []");
    folder.replace("overlay.toml", "[files.notes]", "[files.others]");
    folder.run(&[]).failure("[files] others");
}

#[test]
fn file_of_more_than_400_lines_stops_with_its_name() {
    let folder = Folder::new();
    let field = "\"text\": {";
    let more: String = (0..200)
        .map(|it| {
            format!("\"text_{it}\": {{\"type\": \"string\", \"x-presence\": \"optional\"}}, ")
        })
        .collect();
    folder.replace("schemas.json", field, &format!("{more}{field}"));
    folder
        .run(&[])
        .failure(" (ListNotesRequest, NotePage, Note, ");
}

#[test]
fn types_of_one_name_stop_with_the_schema() {
    let folder = Folder::new();
    folder.replace(
        "docs/notes.toml",
        "[schemas.NotePage]",
        "[schemas.NotePage]\nname = \"Note\"",
    );
    folder.run(&[]).failure("\n  `Note`: the schema `Note");
}

#[test]
fn names_that_are_taken_stop_with_what_has_them() {
    let folder = Folder::new();
    folder.replace(
        "docs/notes.toml",
        "[schemas.NotePage]",
        "[schemas.NotePage]\nname = \"Notes\"",
    );
    folder.run(&[]).failure(
        "these names are taken: rename in the overlay or in docs\n  `Notes`: the group `notes`",
    );
    let folder = Folder::new();
    folder.replace(
        "docs/notes.toml",
        "[methods.\"notes.delete\"]",
        "[methods.\"notes.delete\"]\nname = \"list\"",
    );
    folder
        .run(&[])
        .failure("\n  `list`: the method `notes.delete`");
}

#[test]
fn query_with_the_name_of_another_type_stops_with_its_method() {
    let folder = Folder::new();
    folder.replace(
        "docs/notes.toml",
        "query_doc = ",
        "query = \"NotePage\"\nquery_doc = ",
    );
    folder
        .run(&[])
        .failure("\n  `NotePage`: the query of `notes.list`");
}
