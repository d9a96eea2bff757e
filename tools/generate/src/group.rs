//! Groups as Rust: operations and methods.

use crate::Result;
use crate::docs;
use crate::facts::{Method, Parameter, Response};
use crate::model::{Definition, Field, Model, Presence, Type};
use crate::names::{pascal, snake};
use crate::plan::{Group, Plan, event_type, query_name};
use crate::types::{Writer, rust, type_name};

/// A method of Rust: one per kind of response.
#[derive(Debug)]
pub(crate) struct RustMethod<'a> {
    pub(crate) facts: &'a Method,
    pub(crate) name: String,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) returns: Returns,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Argument {
    /// A parameter of the path, and whether it is an integer or an enum.
    Path(String, Type),
    Query(String, Vec<String>),
    /// The body, and whether it is an object.
    Body(Type, bool),
    /// The file of a form, by the name of its field.
    File(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Returns {
    Json(Type),
    Events(Type),
    Lines(Type),
    Bytes(String),
    Nothing,
}

/// Returns the methods of Rust for one of the facts.
pub(crate) fn methods<'a>(method: &'a Method, model: &Model<'_>) -> Result<Vec<RustMethod<'a>>> {
    let note = model.overlay.methods.get(&method.call);
    let name = note.and_then(|note| note.name.clone());
    let name = name.unwrap_or_else(|| snake(method.name()));
    let mut methods = Vec::new();
    let is_nothing = |it: &&Response| it.kind == "none";
    // A response of JSON or of nothing is an `Option`.
    let is_optional =
        method.responses.len() > 1 && method.responses.iter().any(|it| is_nothing(&it));
    for response in &method.responses {
        if is_optional && is_nothing(&response) {
            continue;
        }
        let schema = || {
            response
                .schema
                .as_ref()
                .ok_or("a response without a schema")
        };
        let returns = match response.kind.as_str() {
            "json" if is_optional => {
                Returns::Json(Type::Nullable(Box::new(model.type_of(schema()?)?)))
            }
            "json" => Returns::Json(model.type_of(schema()?)?),
            "event-stream" => Returns::Events(event_type(schema()?, model)?),
            "json-lines" => Returns::Lines(event_type(schema()?, model)?),
            "bytes" => Returns::Bytes(response.media_type.clone().unwrap_or_default()),
            "none" => Returns::Nothing,
            kind => return Err(format!("`{}`: unknown response `{kind}`", method.call).into()),
        };
        let is_second = method.responses.len() > 1 && response.kind == "event-stream";
        methods.push(RustMethod {
            facts: method,
            name: if is_second {
                "stream".to_owned()
            } else {
                name.clone()
            },
            arguments: arguments(method, &name, model)?,
            returns,
        });
    }
    Ok(methods)
}

fn arguments(method: &Method, name: &str, model: &Model<'_>) -> Result<Vec<Argument>> {
    let mut arguments = Vec::new();
    for parameter in &method.path_params {
        let ty = model.type_of(&parameter.schema)?;
        arguments.push(Argument::Path(parameter.name.clone(), ty));
    }
    if let Some(query) = query_name(method, name, model.overlay) {
        let mut exploded = Vec::new();
        for parameter in &method.query_params {
            let ty = model.type_of(&parameter.schema)?;
            let is_exploded = parameter.explode && parameter.style.as_deref() == Some("form");
            if is_exploded && is_object(&ty, model) {
                exploded.push(parameter.name.clone());
            }
        }
        arguments.push(Argument::Query(query, exploded));
    }
    if let Some(body) = &method.body {
        let ty = match model.type_of(&body.schema)? {
            Type::Nullable(ty) => *ty,
            ty => ty,
        };
        arguments.push(match body.media_type.as_str() {
            "application/json" => {
                let object = ty != Type::Object && is_object(&ty, model);
                Argument::Body(ty, object)
            }
            "multipart/form-data" => Argument::File(file_field(&ty, model)?),
            other => return Err(format!("`{}`: unknown body `{other}`", method.call).into()),
        });
    }
    Ok(arguments)
}

fn is_object(ty: &Type, model: &Model<'_>) -> bool {
    match ty {
        Type::Nullable(ty) => is_object(ty, model),
        Type::Object => true,
        Type::Named(name) => matches!(model.definition(name), Ok(Definition::Struct(_))),
        _ => false,
    }
}

/// Returns the only field of a form, which must be a file.
fn file_field(ty: &Type, model: &Model<'_>) -> Result<String> {
    if let Type::Named(name) = ty
        && let Definition::Struct(fields) = model.definition(name)?
        && let [field] = fields.as_slice()
        && field.ty == Type::File
    {
        return Ok(field.name.clone());
    }
    Err("a form with other fields than one file".into())
}

/// Writes the struct of a query.
pub(crate) fn query_struct(method: &Method, name: &str, writer: &Writer<'_>) -> Result<String> {
    let mut fields = Vec::new();
    for parameter in &method.query_params {
        fields.push(query_field(parameter, writer.model)?);
    }
    Ok(format!(
        "/// The query of `{} {}`.\n{}",
        method.method,
        path(method),
        writer.structure(name, &fields, true)
    ))
}

fn query_field(parameter: &Parameter, model: &Model<'_>) -> Result<Field> {
    let ty = model.type_of(&parameter.schema)?;
    let is_required = parameter.required && !matches!(ty, Type::Nullable(_));
    let mut schema = parameter.schema.clone();
    schema.spec = parameter.spec.clone();
    schema.default = parameter.default.clone();
    let ty = match (
        &ty,
        parameter.spec.as_ref().and_then(|it| it.minimum.as_ref()),
    ) {
        (Type::Integer, Some(minimum)) if minimum.as_i64() >= Some(0) => Type::Count,
        _ => ty,
    };
    Ok(Field {
        name: parameter.name.clone(),
        ty,
        presence: match is_required {
            true => Presence::Required,
            false => Presence::Optional,
        },
        schema,
    })
}

/// Returns the path of a method without its fragment.
pub(crate) fn path(method: &Method) -> &str {
    method.path.split('#').next().unwrap_or_default()
}

/// Returns the name of the struct of a group.
pub(crate) fn group_type(group: &str, model: &Model<'_>) -> String {
    let note = model
        .overlay
        .groups
        .get(group)
        .and_then(|it| it.name.clone());
    note.unwrap_or_else(|| pascal(group.rsplit('.').next().unwrap_or_default()))
}

/// Writes the operations and the methods of a group.
pub(crate) fn write(group: &Group<'_>, plan: &Plan<'_>, model: &Model<'_>) -> Result<String> {
    let mut statics = String::new();
    let mut functions = String::new();
    for facts in &group.methods {
        for method in methods(facts, model)? {
            statics += &operation(&method, model);
            functions += &function(&method, model)?;
        }
    }
    let name = group_type(&group.name, model);
    let mut accessors = String::new();
    for child in plan.children(&group.name) {
        let ty = group_type(&child.name, model);
        let module = child.module.last().map_or("", String::as_str);
        accessors += &format!(
            "    /// Returns the operations on {}.\n    pub fn {module}(&self) -> {module}::{ty}<M> {{\n        \
             {module}::{ty}::new(&self.client)\n    }}\n\n",
            docs::group_noun(&child.name, model.overlay)
        );
    }
    let noun = docs::group_noun(&group.name, model.overlay);
    Ok(format!(
        "{statics}\n/// The operations on {noun}.\n#[derive(Debug, Clone)]\n\
         pub struct {name}<M: Mode = Async> {{\n    client: Client<M>,\n}}\n\n\
         impl<M: Mode> {name}<M> {{\n    pub(crate) fn new(client: &Client<M>) -> Self {{\n        \
         Self {{\n            client: client.clone(),\n        }}\n    }}\n\n{accessors}{functions}}}\n"
    ))
}

fn constant(method: &RustMethod<'_>) -> String {
    method.name.trim_start_matches("r#").to_ascii_uppercase()
}

fn operation(method: &RustMethod<'_>, model: &Model<'_>) -> String {
    let facts = method.facts;
    let note = model.overlay.methods.get(&facts.call);
    let verb = facts.method.to_ascii_lowercase();
    let constructor = match note {
        Some(note) if note.inference => "inference".to_owned(),
        _ => verb,
    };
    let framing = match &method.returns {
        Returns::Json(_) => String::new(),
        Returns::Events(_) => ".sse()".to_owned(),
        Returns::Lines(_) => ".json_lines()".to_owned(),
        Returns::Bytes(media_type) => format!(".bytes({media_type:?})"),
        Returns::Nothing => ".nothing()".to_owned(),
    };
    let reads = [
        "search",
        "list",
        "get",
        "fetch",
        "count",
        "aggregate",
        "compute",
        "grep",
        "read",
        "query",
    ];
    let is_read = facts.method == "POST"
        && (note.is_some_and(|note| note.idempotent)
            || reads.iter().any(|it| method.name.starts_with(it)));
    let safety = match is_read {
        true => ".retry_safety(RetrySafety::Idempotent)",
        false => "",
    };
    format!(
        "static {}: Operation = Operation::{constructor}({:?}, {:?}){framing}{safety};\n",
        constant(method),
        facts.call,
        path(facts)
    )
}

fn function(method: &RustMethod<'_>, model: &Model<'_>) -> Result<String> {
    let facts = method.facts;
    let doc = match (&method.returns, method.name.as_str()) {
        (Returns::Events(_), "stream") if facts.responses.len() > 1 => {
            docs::method(facts, model.overlay)
                .trim_end_matches('.')
                .to_owned()
                + ", and streams the events."
        }
        _ => docs::method(facts, model.overlay),
    };
    let mut text = format!(
        "    /// {doc}\n    ///\n    /// Mirrors `{} {}`.\n",
        facts.method,
        path(facts)
    );
    if facts.pagination.is_some() {
        text = text.replacen(".\n", ". [`Call::pages`] iterates over all pages.\n", 1);
    }
    if facts.deprecated {
        text += "    #[deprecated(note = \"the API has deprecated this operation\")]\n";
    }
    let (mut parameters, mut values, mut request) = (String::new(), Vec::new(), String::new());
    for argument in &method.arguments {
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
                parameters += &format!(", {ident}: {ty}");
                values.push(format!("({name:?}, {value})"));
            }
            Argument::Query(name, exploded) => {
                let ident = if facts.body.is_some() {
                    "query"
                } else {
                    "request"
                };
                parameters += &format!(", {ident}: &{name}");
                request += &match exploded.is_empty() {
                    true => format!(".query({ident})"),
                    false => format!(".query_exploded({ident}, &{exploded:?})"),
                };
            }
            Argument::Body(ty, object) => {
                parameters += &format!(", request: &{}", rust(ty, model));
                request += if *object {
                    ".json(request)"
                } else {
                    ".json_value(request)"
                };
            }
            Argument::File(name) => {
                parameters += ", file: FileSource";
                request += &format!(".multipart(MultipartForm::default().file({name:?}, file))");
            }
        }
    }
    let path = match values.is_empty() {
        true => String::new(),
        false => format!(".path(&[{}])", values.join(", ")),
    };
    let (returns, send) = match &method.returns {
        Returns::Json(ty) => (format!("Call<{}, M>", rust(ty, model)), "call"),
        Returns::Events(ty) | Returns::Lines(ty) => {
            (format!("StreamCall<{}, M>", rust(ty, model)), "call_stream")
        }
        Returns::Bytes(_) => ("DownloadCall<M>".to_owned(), "call_download"),
        Returns::Nothing => ("Call<(), M>".to_owned(), "call"),
    };
    text += &format!(
        "    pub fn {}(&self{parameters}) -> {returns} {{\n        let request = ApiRequest::new(&{}){path}{request};\n        \
         self.client.{send}(request)\n    }}\n\n",
        method.name,
        constant(method)
    );
    Ok(text)
}
