//! Fine-tuning jobs and fine-tuned models: requests and responses.

use std::fmt::Debug;

use http::Method;
use mistral_core::fine_tuning::{
    ClassifierTarget, ClassifierTrainingParameters, CompletionTrainingParameters,
    CreateFineTuningJobRequest, CreateFineTuningJobResponse, CreateGithubRepositoryRequest,
    FineTuneableModelType, FineTuningJob, FineTuningJobDetails, FineTuningJobStatus,
    FtClassifierLossFunction, Hyperparameters, Integration, ListFineTuningJobsRequest,
    ListFineTuningJobsResponse, Repository, TrainingFile, WandbIntegration,
};
use mistral_core::json::Patch;
use mistral_core::models::{
    ArchiveModelResponse, DeleteModelResponse, FineTunedModel, UnarchiveModelResponse,
    UpdateModelRequest,
};
use mistral_core::testing::{MockRequest, MockTransport};
use mistral_core::{Client, Error, ErrorKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::common::{client_with, only, reply, scripted};

/// Creates a mock that replies to every request with `answer`.
fn serve(answer: &Value) -> (MockTransport, Client) {
    let mock = scripted([reply(200, &answer.to_string())]);
    let client = client_with(&mock);
    (mock, client)
}

fn check(sent: &MockRequest, operation: &str, method: &Method, path: &str) {
    assert_eq!(sent.operation, operation);
    assert_eq!(sent.method, method);
    assert_eq!(sent.uri.path(), format!("/prefix{path}"));
}

/// Deserializes `json`, and checks that it serializes to the same value and that only fields
/// named `x_new` are unknown.
fn reread<T: DeserializeOwned + Serialize + Debug>(json: &Value) -> T {
    let text = json.to_string();
    let value: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(serde_json::to_value(&value).unwrap(), *json);
    let shown = format!("{value:?}");
    assert!(!shown.contains("Unknown("), "{shown}");
    for known in shown.split("extra: {").skip(1) {
        assert!(
            known.starts_with('}') || known.starts_with("\"x_new\""),
            "{known}"
        );
    }
    value
}

fn with(mut json: Value, more: Value) -> Value {
    let object = json.as_object_mut().unwrap();
    let Value::Object(more) = more else {
        panic!("not an object");
    };
    object.extend(more);
    json
}

fn parameters() -> Value {
    json!({
        "training_steps": 10, "learning_rate": 0.0001, "weight_decay": 0.1,
        "warmup_fraction": 0.05, "epochs": 4.5, "seq_len": 100,
    })
}

fn completion_parameters() -> Value {
    with(parameters(), json!({ "fim_ratio": 0.9, "x_new": 1 }))
}

/// The fields of every job.
fn job() -> Value {
    json!({
        "id": "job-1",
        "object": "job",
        "auto_start": true,
        "model": "open-mistral-7b",
        "status": "RUNNING",
        "created_at": 1,
        "modified_at": 2,
        "training_files": ["file-1"],
        "validation_files": ["file-2"],
        "fine_tuned_model": "ft:open-mistral-7b:1",
        "suffix": "cheese",
        "integrations": [{
            "type": "wandb", "project": "p", "name": "n", "run_name": "r", "url": "u", "x_new": 1,
        }],
        "trained_tokens": 1000,
        "metadata": {
            "expected_duration_seconds": 220, "cost": 10.5, "cost_currency": "EUR",
            "train_tokens_per_step": 131_072, "train_tokens": 1_310_720, "data_tokens": 305_375,
            "estimated_start_time": 3, "x_new": 1,
        },
        "x_new": { "a": null },
    })
}

fn repositories() -> Value {
    json!([{
        "type": "github", "name": "n", "owner": "o", "ref": "main", "weight": 0.5,
        "commit_id": "c", "x_new": 1,
    }])
}

fn completion_job() -> Value {
    let own = json!({
        "job_type": "completion",
        "hyperparameters": completion_parameters(),
        "repositories": repositories(),
    });
    with(job(), own)
}

fn classifier_job() -> Value {
    let own = json!({ "job_type": "classifier", "hyperparameters": parameters() });
    with(job(), own)
}

fn history() -> Value {
    json!({
        "events": [
            { "name": "status-updated", "data": { "status": "SUCCESS", "a": [null] }, "created_at": 4 },
            { "name": "done", "created_at": 5, "x_new": 1 },
        ],
        "checkpoints": [{
            "metrics": {
                "train_loss": 0.8, "valid_loss": 0.9, "valid_mean_token_accuracy": 1.7, "x_new": 1,
            },
            "step_number": 10,
            "created_at": 6,
            "x_new": 1,
        }],
    })
}

fn targets() -> Value {
    json!([{
        "name": "tone", "labels": ["kind", "rude"], "weight": 1.0,
        "loss_function": "single_class", "x_new": 1,
    }])
}

fn classifier_details() -> Value {
    let details = with(classifier_job(), history());
    with(details, json!({ "classifier_targets": targets() }))
}

fn dry_run() -> Value {
    json!({
        "object": "job.metadata",
        "details": "fine",
        "deprecated": true,
        "expected_duration_seconds": 220,
        "cost": 10.5,
        "cost_currency": "EUR",
        "train_tokens_per_step": 131_072,
        "train_tokens": 1_310_720,
        "data_tokens": 305_375,
        "estimated_start_time": 3,
        "epochs": 4.25,
        "training_steps": 10,
        "x_new": 1,
    })
}

#[tokio::test]
async fn list_sends_every_parameter() {
    let page = json!({
        "data": [completion_job(), classifier_job()], "object": "list", "total": 2, "x_new": 1,
    });
    let (mock, client) = serve(&page);
    let request = ListFineTuningJobsRequest::new()
        .page(1)
        .page_size(2)
        .model("m")
        .created_after("2025-03-04T05:06:07Z")
        .created_before("2025-04-04T05:06:07Z")
        .created_by_me(false)
        .status(FineTuningJobStatus::FailedValidation)
        .wandb_project("p")
        .wandb_name("n")
        .suffix("s");
    let answer = client.fine_tuning().jobs().list(&request).await.unwrap();
    assert_eq!(answer, reread::<ListFineTuningJobsResponse>(&page));
    assert_eq!(answer.data[1].id(), "job-1");
    assert_eq!(answer.data[0].status(), Some(&FineTuningJobStatus::Running));
    assert_eq!(
        answer.data[0].fine_tuned_model(),
        Some("ft:open-mistral-7b:1")
    );
    let sent = only(&mock);
    let path = "/v1/fine_tuning/jobs";
    check(&sent, "fine_tuning.jobs.list", &Method::GET, path);
    let mut query: Vec<_> = sent.uri.query().unwrap().split('&').collect();
    query.sort_unstable();
    let expected = [
        "created_after=2025-03-04T05%3A06%3A07Z",
        "created_before=2025-04-04T05%3A06%3A07Z",
        "created_by_me=false",
        "model=m",
        "page=1",
        "page_size=2",
        "status=FAILED_VALIDATION",
        "suffix=s",
        "wandb_name=n",
        "wandb_project=p",
    ];
    assert_eq!(query, expected);
}

fn create_request() -> CreateFineTuningJobRequest {
    let parameters = CompletionTrainingParameters::new()
        .training_steps(10)
        .learning_rate(0.0001)
        .weight_decay(0.1)
        .warmup_fraction(0.05)
        .epochs(4.5)
        .seq_len(100)
        .fim_ratio(0.9);
    let wandb = WandbIntegration::new("p", "s3cret-key")
        .name("n")
        .run_name("r");
    let repository = CreateGithubRepositoryRequest::new("n", "o", "s3cret-token")
        .git_ref("main")
        .weight(0.5);
    let target = ClassifierTarget::new("tone", ["kind", "rude"])
        .weight(1.0)
        .loss_function(FtClassifierLossFunction::MultiClass);
    CreateFineTuningJobRequest::new("open-mistral-7b", parameters)
        .training_files([TrainingFile::new("file-1").weight(0.5)])
        .validation_files(["file-2"])
        .suffix("cheese")
        .integrations([wandb])
        .auto_start(true)
        .invalid_sample_skip_percentage(0.25)
        .job_type(FineTuneableModelType::Completion)
        .repositories([repository])
        .classifier_targets([target])
}

#[tokio::test]
async fn create_sends_every_field_and_redacts_secrets() {
    let (mock, client) = serve(&completion_job());
    let request = create_request();
    let answer = client.fine_tuning().jobs().create(&request).await.unwrap();
    assert!(matches!(answer.job(), Some(FineTuningJob::Completion(_))));
    let sent = only(&mock);
    let path = "/v1/fine_tuning/jobs";
    check(&sent, "fine_tuning.jobs.create", &Method::POST, path);
    assert_eq!(sent.uri.query(), None);
    let mut parameters = completion_parameters();
    parameters.as_object_mut().unwrap().remove("x_new");
    let expected = json!({
        "model": "open-mistral-7b",
        "hyperparameters": parameters,
        "training_files": [{ "file_id": "file-1", "weight": 0.5 }],
        "validation_files": ["file-2"],
        "suffix": "cheese",
        "integrations": [{
            "type": "wandb", "project": "p", "api_key": "s3cret-key", "name": "n", "run_name": "r",
        }],
        "auto_start": true,
        "invalid_sample_skip_percentage": 0.25,
        "job_type": "completion",
        "repositories": [{
            "type": "github", "name": "n", "owner": "o", "token": "s3cret-token", "ref": "main",
            "weight": 0.5,
        }],
        "classifier_targets": [{
            "name": "tone", "labels": ["kind", "rude"], "weight": 1.0,
            "loss_function": "multi_class",
        }],
    });
    assert_eq!(sent.json(), expected);
    assert_eq!(reread::<CreateFineTuningJobRequest>(&expected), request);
    let shown = format!("{request:?} {request:#?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("[redacted]"), "{shown}");
}

#[tokio::test]
async fn create_dry_run_is_a_query_parameter() {
    for (dry, query) in [(true, "dry_run=true"), (false, "dry_run=false")] {
        let (mock, client) = serve(&dry_run());
        let parameters = ClassifierTrainingParameters::new().epochs(1.0);
        let request = CreateFineTuningJobRequest::new("m", parameters).dry_run(dry);
        let answer = client.fine_tuning().jobs().create(&request).await.unwrap();
        assert_eq!(answer.job(), None);
        let sent = only(&mock);
        assert_eq!(sent.uri.query(), Some(query));
        let body = json!({ "model": "m", "hyperparameters": { "epochs": 1.0 } });
        assert_eq!(sent.json(), body);
    }
}

#[test]
fn create_response_is_job_or_metadata_by_shape() {
    let metadata = reread::<CreateFineTuningJobResponse>(&dry_run());
    let CreateFineTuningJobResponse::Metadata(metadata) = metadata else {
        panic!("{metadata:?}");
    };
    assert_eq!(
        (metadata.training_steps, metadata.deprecated),
        (Some(10), Some(true))
    );
    let bare = json!({ "details": "fine", "cost": null });
    let answer: CreateFineTuningJobResponse = serde_json::from_value(bare).unwrap();
    assert!(
        matches!(answer, CreateFineTuningJobResponse::Metadata(_)),
        "{answer:?}"
    );

    let written = serde_json::to_value(&answer).unwrap();
    assert_eq!(
        serde_json::from_value::<CreateFineTuningJobResponse>(written).unwrap(),
        answer
    );

    for job in [completion_job(), classifier_job()] {
        let mut bare = job.clone();
        assert!(reread::<CreateFineTuningJobResponse>(&job).job().is_some());
        bare.as_object_mut().unwrap().remove("object");
        let answer: CreateFineTuningJobResponse = serde_json::from_value(bare).unwrap();
        assert_eq!(answer.job().unwrap().id(), "job-1");
    }

    let new = with(completion_job(), json!({ "job_type": "painter" }));
    let answer: CreateFineTuningJobResponse = serde_json::from_value(new.clone()).unwrap();
    assert_eq!(serde_json::to_value(&answer).unwrap(), new);
    assert!(
        matches!(answer.job(), Some(FineTuningJob::Unknown(_))),
        "{answer:?}"
    );
    assert_eq!(answer.job().unwrap().id(), "job-1");

    let broken = with(completion_job(), json!({ "id": { "a": 1 } }));
    let error = serde_json::from_value::<CreateFineTuningJobResponse>(broken).unwrap_err();
    assert!(error.to_string().starts_with("id: "), "{error}");
    for auxiliary in [
        with(completion_job(), json!({ "metadata": { "cost": "much" } })),
        with(dry_run(), json!({ "epochs": "many" })),
    ] {
        let read: CreateFineTuningJobResponse = serde_json::from_value(auxiliary.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), auxiliary);
    }
}

#[tokio::test]
async fn get_cancel_and_start_return_job_details() {
    let completion = with(completion_job(), history());
    for details in [completion, classifier_details()] {
        let (mock, client) = serve(&details);
        let jobs = client.fine_tuning().jobs();
        let expected: FineTuningJobDetails = reread(&details);
        assert_eq!(jobs.get("a/b").await.unwrap(), expected);
        assert_eq!(jobs.cancel("a").await.unwrap(), expected);
        assert_eq!(jobs.start("a").await.unwrap(), expected);
        let sent = mock.requests();
        let path = "/v1/fine_tuning/jobs/a";
        check(
            &sent[0],
            "fine_tuning.jobs.get",
            &Method::GET,
            &format!("{path}%2Fb"),
        );
        let cancel = format!("{path}/cancel");
        check(&sent[1], "fine_tuning.jobs.cancel", &Method::POST, &cancel);
        let start = format!("{path}/start");
        check(&sent[2], "fine_tuning.jobs.start", &Method::POST, &start);
        assert!(sent.iter().all(|sent| sent.body.is_empty()));
        assert!(sent.iter().all(|sent| sent.uri.query().is_none()));
        assert_eq!(expected.id(), "job-1");
        assert_eq!(expected.status(), Some(&FineTuningJobStatus::Running));
    }
    let FineTuningJobDetails::Classifier(job) = reread(&classifier_details()) else {
        panic!("not a classifier");
    };
    assert_eq!(job.checkpoints[0].metrics.train_loss, Some(0.8));
    assert_eq!(job.events[0].name, "status-updated");
    let loss = job.classifier_targets[0].loss_function.as_ref();
    assert_eq!(loss, Some(&FtClassifierLossFunction::SingleClass));
}

#[test]
fn job_with_nulls_and_unknown_fields_is_read() {
    for mut job in [with(completion_job(), history()), classifier_details()] {
        for (name, value) in job.as_object_mut().unwrap() {
            if !["id", "status", "job_type"].contains(&name.as_str()) {
                *value = Value::Null;
            }
        }
        let read: FineTuningJobDetails = serde_json::from_value(job).unwrap();
        assert!(
            !matches!(read, FineTuningJobDetails::Unknown(_)),
            "{read:?}"
        );
        assert_eq!(read.fine_tuned_model(), None);
    }
    let bare = json!({ "id": "a", "status": "NEW", "job_type": "completion" });
    let read: FineTuningJob = serde_json::from_value(bare).unwrap();
    assert_eq!(
        read.status(),
        Some(&FineTuningJobStatus::Unknown("NEW".into()))
    );

    let strange = json!({
        "integrations": [{ "type": "new", "a": 1 }, { "project": "p" }],
        "repositories": [{ "type": "gitlab", "b": [null] }, { "name": "n", "owner": "o" }],
    });
    let strange = with(completion_job(), strange);
    let read: FineTuningJob = serde_json::from_value(strange.clone()).unwrap();
    let FineTuningJob::Completion(job) = &read else {
        panic!("{read:?}");
    };
    let integrations = job.integrations.as_ref().unwrap();
    assert!(matches!(integrations[0], Integration::Unknown(_)));
    assert!(matches!(&integrations[1], Integration::Wandb(it) if it.project == "p"));
    assert!(matches!(job.repositories[0], Repository::Unknown(_)));
    assert!(matches!(&job.repositories[1], Repository::Github(it) if it.owner == "o"));
    let written = serde_json::to_value(&read).unwrap();
    assert_eq!(written["integrations"][0], strange["integrations"][0]);
    assert_eq!(written["repositories"][0], strange["repositories"][0]);
}

#[test]
fn job_status_values_are_all_known() {
    for (text, is_finished) in [
        ("QUEUED", false),
        ("STARTED", false),
        ("VALIDATING", false),
        ("VALIDATED", false),
        ("RUNNING", false),
        ("FAILED_VALIDATION", true),
        ("FAILED", true),
        ("SUCCESS", true),
        ("CANCELLED", true),
        ("CANCELLATION_REQUESTED", false),
        ("NEW", false),
    ] {
        let status = FineTuningJobStatus::from(text);
        assert_eq!(status.is_finished(), is_finished, "{text}");
        assert_eq!(
            matches!(status, FineTuningJobStatus::Unknown(_)),
            text == "NEW"
        );
    }
}

#[test]
fn hyperparameters_round_trip() {
    let parameters = Hyperparameters::from(ClassifierTrainingParameters::new().epochs(2.0));
    let json = serde_json::to_value(&parameters).unwrap();
    assert_eq!(json, json!({ "epochs": 2.0 }));
    let read: Hyperparameters = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), json);
    assert!(matches!(read, Hyperparameters::Completion(_)));
}

#[tokio::test]
async fn retired_operations_fail_with_gone() {
    let mock = scripted([reply(410, r#"{"detail":"retired"}"#)]);
    let jobs = client_with(&mock).fine_tuning().jobs();
    let request = create_request();
    let listed = jobs.list(&ListFineTuningJobsRequest::new()).await.map(drop);
    let results: [Result<(), Error>; 5] = [
        listed,
        jobs.create(&request).await.map(drop),
        jobs.get("a").await.map(drop),
        jobs.cancel("a").await.map(drop),
        jobs.start("a").await.map(drop),
    ];
    for result in results {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Gone);
        assert_eq!(error.attempts(), 1);
        assert!(
            !format!("{error:#} {error:?}").contains("s3cret"),
            "{error:?}"
        );
    }
}

fn model() -> Value {
    json!({
        "id": "ft:m:1",
        "object": "model",
        "created": 1,
        "owned_by": "o",
        "workspace_id": "w",
        "root": "open-mistral-7b",
        "root_version": "v0.2",
        "archived": true,
        "name": "n",
        "description": "d",
        "capabilities": {
            "completion_chat": true, "completion_fim": false, "function_calling": true,
            "fine_tuning": false, "classification": true, "x_new": 1,
        },
        "max_context_length": 32768,
        "aliases": ["a"],
        "job": "job-1",
        "x_new": { "a": null },
    })
}

#[tokio::test]
async fn update_distinguishes_absent_from_null() {
    let completion = with(model(), json!({ "model_type": "completion" }));
    let own = json!({ "model_type": "classifier", "classifier_targets": targets() });
    let classifier = with(model(), own);
    for (request, body, answer) in [
        (
            UpdateModelRequest::new().name("n").description("d"),
            json!({ "name": "n", "description": "d" }),
            &completion,
        ),
        (
            UpdateModelRequest::new().description(None),
            json!({ "description": null }),
            &classifier,
        ),
        (
            UpdateModelRequest::new().name(Patch::Clear),
            json!({ "name": null }),
            &completion,
        ),
        (UpdateModelRequest::new(), json!({}), &completion),
    ] {
        let (mock, client) = serve(answer);
        let updated = client.models().update("ft:m/1", &request).await.unwrap();
        assert_eq!(updated, reread::<FineTunedModel>(answer));
        assert_eq!(updated.id(), "ft:m:1");
        let sent = only(&mock);
        let path = "/v1/fine_tuning/models/ft%3Am%2F1";
        check(&sent, "models.update", &Method::PATCH, path);
        assert_eq!(sent.json(), body);
        assert_eq!(reread::<UpdateModelRequest>(&body), request);
    }
    let new = with(model(), json!({ "model_type": "painter" }));
    let read: FineTunedModel = serde_json::from_value(new.clone()).unwrap();
    assert_eq!(read.id(), "ft:m:1");
    assert_eq!(serde_json::to_value(&read).unwrap(), new);
    let bare = json!({ "model_type": "classifier", "id": "a", "name": null, "capabilities": null });
    let read: FineTunedModel = serde_json::from_value(bare).unwrap();
    assert!(matches!(read, FineTunedModel::Classifier(_)), "{read:?}");
}

#[tokio::test]
async fn models_delete_archive_and_unarchive_send_methods_and_paths() {
    let path = "/v1/fine_tuning/models/ft%3Am/archive";
    let answer = json!({ "id": "ft:m", "object": "model", "archived": true, "x_new": 1 });
    let (mock, client) = serve(&answer);
    let archived = client.models().archive("ft:m").await.unwrap();
    assert_eq!(archived, reread::<ArchiveModelResponse>(&answer));
    assert!(archived.is_archived());
    let sent = only(&mock);
    check(&sent, "models.archive", &Method::POST, path);
    assert!(sent.body.is_empty());

    let answer = json!({ "id": "ft:m", "object": "model", "archived": false, "x_new": 1 });
    let (mock, client) = serve(&answer);
    let unarchived = client.models().unarchive("ft:m").await.unwrap();
    assert_eq!(unarchived, reread::<UnarchiveModelResponse>(&answer));
    assert!(!unarchived.archived);
    check(&only(&mock), "models.unarchive", &Method::DELETE, path);

    let answer = json!({ "id": "ft:m", "object": "model", "deleted": true, "x_new": 1 });
    let (mock, client) = serve(&answer);
    let deleted = client.models().delete("ft:m").await.unwrap();
    assert_eq!(deleted, reread::<DeleteModelResponse>(&answer));
    assert!(deleted.is_deleted());
    check(
        &only(&mock),
        "models.delete",
        &Method::DELETE,
        "/v1/models/ft%3Am",
    );

    for (json, expected) in [
        (json!({ "id": "a" }), true),
        (
            json!({ "id": "a", "archived": null, "deleted": null }),
            true,
        ),
        (
            json!({ "id": "a", "archived": false, "deleted": false }),
            false,
        ),
        (
            json!({ "id": "a", "archived": "false", "deleted": 0 }),
            false,
        ),
    ] {
        let archived: ArchiveModelResponse = serde_json::from_value(json.clone()).unwrap();
        let deleted: DeleteModelResponse = serde_json::from_value(json).unwrap();
        assert_eq!(
            (archived.is_archived(), deleted.is_deleted()),
            (expected, expected)
        );
    }
}
