//! The definitions of a group, each with what belongs to it.

use crate::Result;
use crate::facts::Method;
use crate::files::Files;
use crate::group::{Argument, methods, query_struct};
use crate::layout::{self, Item};
use crate::model::name_in;
use crate::plan::{Group, roots};
use crate::types::type_name;

impl Files<'_> {
    /// Returns the definitions of a group, in the order of their use: those of the first method come
    /// first, with the query, the body and the response together.
    pub(crate) fn items_of(&self, group: &Group<'_>) -> Result<Vec<Item>> {
        let (mut opening, mut queries) = (Vec::new(), Vec::new());
        for facts in &group.methods {
            for method in methods(facts, self.model)? {
                for argument in &method.arguments {
                    let Argument::Query(name, _) = argument else {
                        continue;
                    };
                    if !opening.contains(name) {
                        opening.push(name.clone());
                        queries.push(self.query(facts, name)?);
                    }
                }
            }
            let types = roots(facts, self.model)?;
            opening.extend(types.iter().map(|it| type_name(it, self.model)));
        }
        queries.extend(self.items(&group.module)?);
        Ok(layout::in_order(queries, &opening))
    }

    fn query(&self, facts: &Method, name: &str) -> Result<Item> {
        let mut uses = Vec::new();
        for parameter in &facts.query_params {
            let ty = self.model.type_of(&parameter.schema)?;
            uses.extend(name_in(&ty).map(|it| type_name(it, self.model)));
        }
        Ok(Item {
            name: name.to_owned(),
            text: query_struct(facts, name, &self.writer())?,
            uses,
        })
    }

    /// Returns the definitions of a module.
    pub(crate) fn items(&self, home: &[String]) -> Result<Vec<Item>> {
        let names = self.plan.homes.get(home).into_iter().flatten();
        let mut items = Vec::new();
        for name in names {
            let mut text = self.writer().define(name)?;
            text += &self.pages.implement(name, self.model)?;
            if let Some(is_workflow) = self.events.get(name) {
                text += &self.event(name, *is_workflow)?;
            }
            let uses = self.model.references(name)?;
            items.push(Item {
                name: type_name(name, self.model),
                text,
                uses: uses.iter().map(|it| type_name(it, self.model)).collect(),
            });
        }
        Ok(items)
    }

    fn event(&self, name: &str, is_workflow: bool) -> Result<String> {
        let tagged = self.model.tagged(self.model.schema(name)?)?;
        let has_errors = tagged.is_some_and(|(_, it)| it.iter().any(|(tag, _)| tag == "error"));
        let (constant, decode) = match (is_workflow, has_errors) {
            (true, false) => ("", "decode_of_workflow(event_type, data)"),
            (false, true) => (
                "    const HAS_ERROR_EVENTS: bool = true;\n",
                "decode_with_errors(event_type, data)",
            ),
            (false, false) => ("", "decode(data)"),
            (true, true) => return Err(format!("`{name}` has errors of two kinds").into()),
        };
        let signature = match decode {
            "decode(data)" => "decode(data: &str, _state: &mut ())",
            _ => "decode_named(event_type: &str, data: &str, _state: &mut ())",
        };
        Ok(format!(
            "\nimpl StreamEvent for {} {{\n    type State = ();\n{constant}    const SCALARS_KEEP_ALIVE: bool = false;\n\n    \
             fn {signature} -> serde_json::Result<Self> {{\n        \
             crate::stream_event::{decode}\n    }}\n}}\n",
            type_name(name, self.model)
        ))
    }
}
