//! Methods of groups as Rust.

use crate::Result;
use crate::docs;
use crate::facts::Method;
use crate::group::{Argument, BodyKind, Returns, RustMethod, constant, path};
use crate::model::{Model, Type};
use crate::names::snake;
use crate::pages::{Pages, first_page};
use crate::types::{rust, type_name};

/// The parts of a function.
#[derive(Default)]
pub(crate) struct Function {
    parameters: String,
    /// The values of the path's parameters.
    values: Vec<String>,
    /// The calls that set the request.
    request: String,
    /// A statement after the request.
    after: &'static str,
}

impl Function {
    pub(crate) fn of(method: &RustMethod<'_>, model: &Model<'_>) -> Result<Self> {
        let mut function = Self::default();
        for argument in &method.arguments {
            function.add(argument, method.facts, model);
        }
        let note = model.overlay.methods.get(&method.facts.call);
        if note.is_some_and(|note| note.trace_context) {
            function.request += ".trace_context()";
        }
        Ok(function)
    }

    fn add(&mut self, argument: &Argument, facts: &Method, model: &Model<'_>) {
        match argument {
            Argument::Path(name, ty) => {
                let ident = snake(name);
                let (ty, value) = match ty {
                    Type::Integer | Type::Count => {
                        ("i64".to_owned(), format!("&{ident}.to_string()"))
                    }
                    Type::Named(name) => (
                        format!("&{}", type_name(name, model)),
                        format!("{ident}.as_str()"),
                    ),
                    _ => ("&str".to_owned(), ident.clone()),
                };
                self.parameters += &format!(", {ident}: {ty}");
                self.values.push(format!("({name:?}, {value})"));
            }
            Argument::Query(name, exploded) => {
                let ident = if facts.body.is_some() {
                    "query"
                } else {
                    "request"
                };
                self.parameters += &format!(", {ident}: &{name}");
                self.request += &match exploded.is_empty() {
                    true => format!(".query({ident})"),
                    false => format!(".query_exploded({ident}, &{exploded:?})"),
                };
            }
            Argument::Body(ty, BodyKind::OptionalObject) => {
                self.parameters += &format!(", body: Option<&{}>", rust(ty, model));
                self.after = "let request = match body {\n            Some(body) => request.json(body),\n            \
                              None => request,\n        };\n        ";
            }
            Argument::Body(ty, kind) => {
                self.parameters += &format!(", request: &{}", rust(ty, model));
                self.request += match kind {
                    BodyKind::Value => ".json_value(request)",
                    _ => ".json(request)",
                };
            }
            Argument::File(name) => {
                self.parameters += ", file: FileSource";
                self.request +=
                    &format!(".multipart(MultipartForm::default().file({name:?}, file))");
            }
        }
    }

    pub(crate) fn text(
        &self,
        method: &RustMethod<'_>,
        pages: &Pages,
        model: &Model<'_>,
    ) -> Result<String> {
        let facts = method.facts;
        let path = match self.values.is_empty() {
            true => String::new(),
            false => format!(".path(&[{}])", self.values.join(", ")),
        };
        let (returns, send) = returns(method, model)?;
        let mut text = docs::comment(&doc(method, pages, model), 4);
        if facts.deprecated {
            text += "    #[deprecated(note = \"the API has deprecated this operation\")]\n";
        }
        let Self {
            parameters,
            request,
            after,
            ..
        } = self;
        text += &format!(
            "    pub fn {}(&self{parameters}) -> {returns} {{\n        \
             let request = ApiRequest::new(&{}){path}{request};\n        {after}\
             self.client.{send}(request)\n    }}\n\n",
            method.name,
            constant(method)
        );
        Ok(text)
    }
}

/// Returns the type of the call, and the method of the client that makes it.
fn returns(method: &RustMethod<'_>, model: &Model<'_>) -> Result<(String, &'static str)> {
    Ok(match &method.returns {
        Returns::Json(Type::List(element)) if is_list_page(method.facts, model) => {
            if let Some(first) = first_page(method.facts).filter(|it| *it != 0) {
                let call = &method.facts.call;
                return Err(format!(
                    "`{call}` returns a bare list whose first page is {first}, and the pages of \
                     `ListPage` start at 0: set `unpaged = true` in [methods] of the overlay"
                )
                .into());
            }
            (
                format!("Call<ListPage<{}>, M>", rust(element, model)),
                "call",
            )
        }
        Returns::Json(ty) => (format!("Call<{}, M>", rust(ty, model)), "call"),
        Returns::Events(ty) | Returns::Lines(ty) => {
            (format!("StreamCall<{}, M>", rust(ty, model)), "call_stream")
        }
        Returns::Bytes(_) => ("DownloadCall<M>".to_owned(), "call_download"),
        Returns::Nothing => ("Call<(), M>".to_owned(), "call"),
    })
}

/// Whether a method that returns a list returns a page of it.
fn is_list_page(facts: &Method, model: &Model<'_>) -> bool {
    let note = model.overlay.methods.get(&facts.call);
    first_page(facts).is_some() && !note.is_some_and(|note| note.unpaged)
}

/// Returns the documentation of a method.
fn doc(method: &RustMethod<'_>, pages: &Pages, model: &Model<'_>) -> String {
    let facts = method.facts;
    let mut doc = docs::method(facts, model.overlay);
    if matches!(method.returns, Returns::Events(_)) && facts.responses.len() > 1 {
        doc = doc.replacen(". ", ", as a stream of events. ", 1);
        if !doc.contains("as a stream of events") {
            doc = doc.trim_end_matches('.').to_owned() + ", as a stream of events.";
        }
    }
    let is_page = match &method.returns {
        Returns::Json(Type::Named(name)) => pages.contains(name),
        Returns::Json(Type::List(_)) => is_list_page(facts, model),
        _ => false,
    };
    if is_page {
        doc += " [`Call::pages`] iterates over all pages.";
    }
    if !facts.header_params.is_empty() {
        doc += " [`StreamCall::last_event_id`] resumes a stream that was interrupted.";
    }
    if !facts.security.is_empty() {
        doc += "\n\nThe client's key authenticates the call, unless it has a key of its own: \
                [`Call::credential`] with the header `x-api-key`.";
    }
    format!("{doc}\n\nMirrors `{} {}`.", facts.method, path(facts))
}
