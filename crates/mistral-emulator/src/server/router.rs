//! The table of routes.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use http::{Method, StatusCode};
use serde_json::json;

use crate::clouds;
use crate::requests::bearer_token;
use crate::responses::{ApiError, json_response};
use crate::routes::{
    batch, beta_agents, beta_conversations, beta_libraries, beta_registry, by_spec, chat,
    classifiers, embeddings, files, fim, fine_tuning, models, ocr, speech, transcriptions, voices,
    workflows,
};
use crate::state::{AppState, RequestId};

/// The maximum size of a file.
const MAX_BODY_BYTES: usize = 512 * 1024 * 1024;

pub(crate) fn router(state: &Arc<AppState>) -> Router {
    fine_tuning_routes(state)
        .merge(content_routes())
        .merge(resource_routes())
        .merge(beta_agents::router())
        .merge(beta_conversations::router())
        .merge(beta_libraries::router())
        .merge(beta_registry::router())
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(state),
            list_models_of_file,
        ))
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(state),
            authenticate,
        ))
        .merge(clouds::router(state))
        // The routes added from here on need no key.
        .route("/signed/files/{file_id}", get(files::signed))
        .merge(beta_libraries::signed_router())
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(no_route)
        .layer(middleware::from_fn(clouds::metadata_flavor))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Arc::clone(state))
}

/// Returns the routes of fine-tuning jobs, all of which may be gone.
fn fine_tuning_routes(state: &Arc<AppState>) -> Router<Arc<AppState>> {
    Router::new()
        .route(
            "/v1/fine_tuning/jobs",
            get(fine_tuning::list).post(fine_tuning::create),
        )
        .route("/v1/fine_tuning/jobs/{job_id}", get(fine_tuning::retrieve))
        .route(
            "/v1/fine_tuning/jobs/{job_id}/cancel",
            post(fine_tuning::cancel),
        )
        .route(
            "/v1/fine_tuning/jobs/{job_id}/start",
            post(fine_tuning::start),
        )
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(state),
            fine_tuning::reject_if_gone,
        ))
}

/// Returns the routes whose responses are generated.
fn content_routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/v1/chat/completions", post(chat::complete))
        .route("/v1/embeddings", post(embeddings::create))
        .route("/v1/fim/completions", post(fim::complete))
        .route("/v1/agents/completions", post(chat::complete_with_agent))
        .route("/v1/moderations", post(classifiers::moderate))
        .route("/v1/chat/moderations", post(classifiers::moderate_chat))
        .route("/v1/classifications", post(classifiers::classify))
        .route("/v1/chat/classifications", post(classifiers::classify_chat))
        .route("/v1/ocr", post(ocr::process))
        .route("/v1/audio/transcriptions", post(transcriptions::transcribe))
        .route("/v1/audio/speech", post(speech::synthesize))
        .route("/v1/workflows/workers/whoami", get(workflows::whoami))
}

/// Returns the routes of what the stable groups keep.
fn resource_routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/v1/models", get(models::list))
        .route(
            "/v1/models/{model_id}",
            get(models::retrieve).delete(models::delete),
        )
        .route("/v1/fine_tuning/models/{model_id}", patch(models::update))
        .route(
            "/v1/fine_tuning/models/{model_id}/archive",
            post(models::archive).delete(models::unarchive),
        )
        .route("/v1/files", get(files::list).post(files::upload))
        .route(
            "/v1/files/{file_id}",
            get(files::retrieve).delete(files::delete),
        )
        .route("/v1/files/{file_id}/content", get(files::content))
        .route("/v1/files/{file_id}/url", get(files::url))
        .route("/v1/batch/jobs", get(batch::list).post(batch::create))
        .route(
            "/v1/batch/jobs/{job_id}",
            get(batch::retrieve).delete(batch::delete),
        )
        .route("/v1/batch/jobs/{job_id}/cancel", post(batch::cancel))
        .route("/v1/audio/voices", get(voices::list).post(voices::create))
        .route("/v2/audio/voices", get(voices::search))
        .route(
            "/v1/audio/voices/{voice_id}",
            get(voices::retrieve)
                .patch(voices::update)
                .delete(voices::delete),
        )
        .route("/v1/audio/voices/{voice_id}/sample", get(voices::sample))
}

async fn authenticate(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    match bearer_token(request.headers()) {
        Some(key) if state.is_authorized(key) => Ok(next.run(request).await),
        Some(_) => Err(ApiError::detail(
            StatusCode::UNAUTHORIZED,
            "Invalid API Key",
        )),
        None => Err(ApiError::detail(StatusCode::UNAUTHORIZED, "Unauthorized")),
    }
}

/// Responds with the cards of the models in a file, if there is one.
async fn list_models_of_file(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    if let Some(listed) = &state.settings.models.listed
        && request.method() == Method::GET
        && let Some(rest) = request.uri().path().strip_prefix("/v1/models")
    {
        let card = rest.strip_prefix('/').and_then(|id| listed.card(id));
        if rest.is_empty() {
            let list = json!({ "object": "list", "data": listed.cards() });
            return json_response(StatusCode::OK, &list);
        }
        if let Some(card) = card {
            return json_response(StatusCode::OK, card);
        }
    }
    next.run(request).await
}

/// Serves the operations of the spec on a path of which a route serves other methods.
async fn method_not_allowed(State(state): State<Arc<AppState>>, request: Request) -> Response {
    let served = by_spec::serve(&state, request).await;
    served.unwrap_or_else(|_| {
        ApiError::detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed").into_response()
    })
}

/// Serves the operations of the spec that no route serves.
async fn no_route(State(state): State<Arc<AppState>>, request: Request) -> Response {
    let served = by_spec::serve(&state, request).await;
    served.unwrap_or_else(|request| path_not_found(&request).into_response())
}

fn path_not_found(request: &Request) -> ApiError {
    if is_api_path(request.uri().path()) {
        return ApiError::detail(StatusCode::NOT_FOUND, "Not Found");
    }
    // The gateway in front of the API routes only the paths of its groups.
    let id = request
        .extensions()
        .get::<RequestId>()
        .map_or("", |id| id.0.as_str());
    ApiError::gateway(
        StatusCode::NOT_FOUND,
        "no Route matched with those values",
        id,
    )
}

fn is_api_path(path: &str) -> bool {
    const GROUPS: &[&str] = &[
        "agents",
        "audio",
        "batch",
        "chat",
        "classifications",
        "connectors",
        "conversations",
        "embeddings",
        "files",
        "fim",
        "fine_tuning",
        "libraries",
        "models",
        "moderations",
        "observability",
        "ocr",
        "prompts",
        "rag",
        "responses",
        "skills",
        "workflows",
    ];
    let rest = ["/v1/", "/v2/"]
        .iter()
        .find_map(|version| path.strip_prefix(version));
    let group = rest.and_then(|rest| rest.split('/').next());
    group.is_some_and(|group| GROUPS.contains(&group))
}
