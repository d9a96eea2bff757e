//! The table of methods in the guide's page about migrating.

use std::path::Path;

use crate::Result;
use crate::facts::{Method, Surface};
use crate::group::methods;
use crate::model::Model;
use crate::overlay::Area;
use crate::plan::Plan;

const START: &str = "<!-- written by `cargo run -p generate` -->\n";
const END: &str = "<!-- end of what it writes -->\n";

/// Returns the page with the current table. `None` if there is no page, as beside the facts of a
/// test.
pub(crate) fn page(
    path: &Path,
    surface: &Surface,
    plan: &Plan<'_>,
    model: &Model<'_>,
) -> Result<Option<String>> {
    let Ok(page) = std::fs::read_to_string(path) else {
        return Ok(None);
    };
    let parts = page.split_once(START).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = parts.ok_or_else(|| {
        let (start, end) = (START.trim(), END.trim());
        format!(
            "{}: the lines `{start}` and `{end}` are missing",
            path.display()
        )
    })?;
    let tables = tables(surface, plan, model)?;
    Ok(Some(format!("{before}{START}{tables}{END}{after}")))
}

/// Returns a table for each area.
fn tables(surface: &Surface, plan: &Plan<'_>, model: &Model<'_>) -> Result<String> {
    let mut tables = String::new();
    for area in &model.overlay.area {
        let is_in_area = |it: &&Method| model.overlay.feature(it.group()) == Some(&area.feature);
        let mut rows = String::new();
        for facts in surface.methods.iter().filter(is_in_area) {
            rows += &rows_of(facts, plan, model)?;
        }
        tables += &format!("\n#### Feature `{}`\n\n", facade(area));
        tables += &format!("| Python | Rust |\n| --- | --- |\n{rows}");
    }
    Ok(tables + "\n")
}

fn facade(area: &Area) -> &str {
    area.facade.as_deref().unwrap_or(&area.feature)
}

/// Returns the rows of a method: one for each method of Rust. Methods of the core have none.
fn rows_of(facts: &Method, plan: &Plan<'_>, model: &Model<'_>) -> Result<String> {
    let twins = &model.overlay.twins;
    let home = twins
        .get(facts.group())
        .map_or(facts.group(), String::as_str);
    let group = plan.groups.iter().find(|it| it.name == home);
    let mut known = group.iter().flat_map(|it| &it.methods);
    let Some(method) = known.find(|it| it.name() == facts.name()) else {
        return Ok(String::new());
    };
    let mut rows = String::new();
    for rust in methods(method, model)? {
        let call = &facts.call;
        let python = match rust.name.as_str() {
            "stream" if method.responses.len() > 1 => format!("{call}(stream=True)"),
            _ => call.clone(),
        };
        let group = facts.group().replace('.', "().");
        rows += &format!("| `{python}` | `client.{group}().{}` |\n", rust.name);
    }
    Ok(rows)
}
