//! Groups as Rust: operations and methods.

use crate::Result;
use crate::docs;
use crate::facts::{Method, Parameter, Response};
use crate::function::Function;
use crate::model::{Definition, Field, Model, Presence, Type};
use crate::names::{pascal, snake};
use crate::pages::Pages;
use crate::plan::{Group, Plan, event_type, query_name};
use crate::types::Writer;

/// The header that resumes a stream, for which calls have an option.
const EVENT_ID: &str = "last-event-id";

/// The beginnings of the names of methods that only read.
const READS: [&str; 10] = [
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
    /// The body, and what it is.
    Body(Type, BodyKind),
    /// The file of a form, by the name of its field.
    File(String),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum BodyKind {
    Object,
    /// An object that may be left out.
    OptionalObject,
    /// A union, a list or any JSON.
    Value,
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
    if let Some(header) = method.header_params.iter().find(|it| it.name != EVENT_ID) {
        let name = &header.name;
        return Err(format!("`{}`: unknown header `{name}`", method.call).into());
    }
    let name = model.overlay.method_name(&method.call).map(str::to_owned);
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
    let mut in_path: Vec<_> = method.path_params.iter().collect();
    in_path.sort_by_key(|it| method.path.find(&format!("{{{}}}", it.name)));
    for parameter in in_path {
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
                let is_object = ty != Type::Object && is_object(&ty, model);
                let kind = match (is_object, body.required) {
                    (true, true) => BodyKind::Object,
                    (true, false) => BodyKind::OptionalObject,
                    (false, true) => BodyKind::Value,
                    (false, false) => {
                        return Err(format!("`{}`: an optional body", method.call).into());
                    }
                };
                Argument::Body(ty, kind)
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
    let prose = writer.model.overlay.prose.methods.get(&method.call);
    let mut fields = Vec::new();
    for parameter in &method.query_params {
        let mut field = query_field(parameter, writer.model)?;
        field.doc = prose.and_then(|it| it.query_fields.get(&field.name).cloned());
        fields.push(field);
    }
    let doc = prose.and_then(|it| it.query_doc.as_deref());
    if doc.is_none() {
        writer
            .model
            .overlay
            .prose
            .note(format!("query {}", method.call));
    }
    let doc = doc.unwrap_or("The query of a request.");
    let doc = format!("{doc} For `{} {}`.", method.method, path(method));
    Ok(docs::comment(&doc, 0) + &writer.structure(name, &fields, true, None))
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
        doc: None,
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

/// The code of a group.
pub(crate) struct Written {
    pub(crate) name: String,
    /// The operations, by the names of their constants.
    pub(crate) operations: Vec<(String, String)>,
    /// The struct, and the beginning of its methods.
    pub(crate) head: String,
    /// The methods that only read.
    pub(crate) reads: String,
    /// All other methods.
    pub(crate) changes: String,
}

/// Writes the operations and the methods of a group.
pub(crate) fn write(
    group: &Group<'_>,
    plan: &Plan<'_>,
    pages: &Pages,
    model: &Model<'_>,
) -> Result<Written> {
    let (mut operations, mut reads, mut changes) = (Vec::new(), String::new(), String::new());
    for facts in &group.methods {
        for method in methods(facts, model)? {
            operations.push((constant(&method), operation(&method, model)));
            let function = Function::of(&method, model)?.text(&method, pages, model)?;
            match facts.method.as_str() {
                "GET" => reads += &function,
                _ => changes += &function,
            }
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
    let head = format!(
        "/// The operations on {noun}.\n#[derive(Debug, Clone)]\n\
         pub struct {name}<M: Mode = Async> {{\n    client: Client<M>,\n}}\n\n\
         impl<M: Mode> {name}<M> {{\n    pub(crate) fn new(client: &Client<M>) -> Self {{\n        \
         Self {{\n            client: client.clone(),\n        }}\n    }}\n\n{accessors}"
    );
    Ok(Written {
        name,
        operations,
        head,
        reads,
        changes,
    })
}

pub(crate) fn constant(method: &RustMethod<'_>) -> String {
    method.name.trim_start_matches("r#").to_ascii_uppercase()
}

/// Whether a POST by this name only reads.
pub(crate) fn reads_by_name(name: &str) -> bool {
    READS.iter().any(|it| name.starts_with(it))
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
    let is_read = facts.method == "POST"
        && (note.is_some_and(|note| note.idempotent) || reads_by_name(&method.name));
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
