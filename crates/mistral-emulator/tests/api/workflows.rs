//! Workflows: executions, their events, schedules, deployments and definitions.

use mistral_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{RawResponse, api_request, start};
use crate::resources;

fn send(emulator: &Emulator, method: &str, path: &str, body: &Value) -> RawResponse {
    resources::send(emulator, method, &format!("/v1/workflows{path}"), body)
}

#[track_caller]
fn ok(emulator: &Emulator, method: &str, path: &str, body: &Value) -> Value {
    resources::exchange(emulator, method, &format!("/v1/workflows{path}"), body)
}

fn fetch(emulator: &Emulator, path: &str) -> Value {
    ok(emulator, "GET", path, &Value::Null)
}

/// Starts the execution `e` of the workflow `report`.
fn execute(emulator: &Emulator, input: &Value) -> Value {
    let body = json!({"execution_id": "e", "input": input});
    ok(emulator, "POST", "/report/execute", &body)
}

fn status(emulator: &Emulator) -> Value {
    fetch(emulator, "/executions/e")["status"].clone()
}

/// Returns the ids and the data of the events of a stream.
fn events(response: &RawResponse) -> Vec<(String, Value)> {
    assert_eq!(response.status, 200, "{}", response.text());
    let text = response.text();
    let events = text.split("\n\n").filter(|event| !event.is_empty());
    events
        .map(|event| {
            let line = |name: &str| {
                let line = event.lines().find_map(|line| line.strip_prefix(name));
                line.unwrap_or_else(|| panic!("no {name} in {event}"))
                    .to_owned()
            };
            (line("id: "), serde_json::from_str(&line("data: ")).unwrap())
        })
        .collect()
}

fn stream(emulator: &Emulator, path: &str) -> Vec<(String, Value)> {
    events(&send(emulator, "GET", path, &Value::Null))
}

fn types(events: &[(String, Value)]) -> Vec<&str> {
    events
        .iter()
        .map(|(_, event)| event["data"]["event_type"].as_str().unwrap())
        .collect()
}

#[test]
fn execution_runs_until_second_retrieval() {
    let emulator = start();
    let started = execute(&emulator, &json!({"n": 1}));
    assert_eq!(started["status"], "RUNNING");
    assert_eq!(started["workflow_name"], "report");
    assert_eq!(started["start_time"], "2026-01-01T00:00:01Z");
    assert!(started["end_time"].is_null() && started["result"].is_null());
    assert_eq!(status(&emulator), "RUNNING");
    let ended = fetch(&emulator, "/executions/e");
    assert_eq!(ended["status"], "COMPLETED");
    assert_eq!(ended["end_time"], "2026-01-01T00:00:02Z");
    assert_eq!(ended["total_duration_ms"], 1000);
    let expected = json!({"workflow": "report", "input": {"n": 1}, "signals": [], "updates": []});
    assert_eq!(ended["result"], expected);
    assert_eq!(
        send(&emulator, "GET", "/executions/other", &Value::Null).status,
        404
    );
}

#[test]
fn execution_wait_for_result_returns_result() {
    let emulator = start();
    let body = json!({"input": [1], "wait_for_result": true});
    let result = ok(&emulator, "POST", "/report/execute", &body);
    assert_eq!(result["result"]["input"], json!([1]));
    assert!(result.get("status").is_none());
}

#[test]
fn execution_input_with_fail_ends_failed() {
    let emulator = start();
    execute(&emulator, &json!({"fail": "no luck"}));
    let events = stream(&emulator, "/executions/e/stream");
    assert_eq!(
        types(&events),
        ["WORKFLOW_EXECUTION_STARTED", "WORKFLOW_EXECUTION_FAILED"]
    );
    let attributes = &events[1].1["data"]["attributes"];
    assert_eq!(attributes["failure"]["message"], "no luck");
    assert_eq!(status(&emulator), "FAILED");
}

#[test]
fn execution_id_that_exists_is_conflict() {
    let emulator = start();
    execute(&emulator, &Value::Null);
    let again = send(
        &emulator,
        "POST",
        "/report/execute",
        &json!({"execution_id": "e"}),
    );
    assert_eq!(again.status, 409);
}

#[test]
fn execution_encoded_input_is_returned_as_result() {
    let emulator = start();
    let encoded = json!({"b64payload": "e30=", "encoding_options": ["encrypted"], "empty": false});
    let body = json!({"execution_id": "e", "input": null, "encoded_input": encoded,
        "wait_for_result": true});
    assert_eq!(
        ok(&emulator, "POST", "/report/execute", &body)["result"],
        encoded
    );
    let events = stream(&emulator, "/executions/e/stream");
    let input = &events[0].1["data"]["attributes"]["input"];
    let expected = json!({"type": "json", "value": "e30=", "encoding_options": ["encrypted"]});
    assert_eq!(*input, expected);
}

#[test]
fn execution_receives_signals_updates_and_queries() {
    let emulator = start();
    execute(&emulator, &Value::Null);
    let call = json!({"name": "add", "input": {"n": 2}});
    let signal = send(&emulator, "POST", "/executions/e/signals", &call);
    assert_eq!(signal.status, 202);
    let updated = ok(&emulator, "POST", "/executions/e/updates", &call);
    assert_eq!(updated, json!({"update_name": "add", "result": {"n": 2}}));
    let queried = ok(
        &emulator,
        "POST",
        "/executions/e/queries",
        &json!({"name": "q"}),
    );
    assert_eq!(queried["query_name"], "q");
    assert_eq!(queried["result"]["signals"], json!([call]));
    stream(&emulator, "/executions/e/stream");
    let result = fetch(&emulator, "/executions/e")["result"].clone();
    assert_eq!(result["signals"], json!([call]));
    assert_eq!(result["updates"], json!([call]));
    let late = send(&emulator, "POST", "/executions/e/signals", &call);
    assert_eq!(late.status, 409);
}

#[test]
fn execution_cancel_terminate_and_reset_change_status() {
    let emulator = start();
    execute(&emulator, &Value::Null);
    let path = "/executions/e/cancel";
    assert_eq!(send(&emulator, "POST", path, &Value::Null).status, 204);
    assert_eq!(status(&emulator), "CANCELED");
    assert_eq!(send(&emulator, "POST", path, &Value::Null).status, 409);
    let run = fetch(&emulator, "/executions/e")["run_id"].clone();
    ok(
        &emulator,
        "POST",
        "/executions/e/reset",
        &json!({"event_id": 1}),
    );
    let reset = fetch(&emulator, "/executions/e");
    assert_eq!(reset["status"], "RUNNING");
    assert_ne!(reset["run_id"], run);
    let ids = json!({"execution_ids": ["e", "none"]});
    let results = ok(&emulator, "POST", "/executions/terminate", &ids)["results"].clone();
    assert_eq!(results["e"]["status"], "success");
    assert_eq!(results["none"]["status"], "failure");
    assert_eq!(status(&emulator), "TERMINATED");
}

#[test]
fn stream_resumes_after_last_event_id() {
    let emulator = start();
    execute(&emulator, &Value::Null);
    let all = stream(&emulator, "/executions/e/stream");
    let ids: Vec<&str> = all.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["1", "2"]);
    assert_eq!(all[1].1["broker_sequence"], 2);
    assert_eq!(status(&emulator), "COMPLETED");
    assert_eq!(
        stream(&emulator, "/executions/e/stream?last_event_id=1"),
        all[1..]
    );
    let events_path = "/events/stream?root_workflow_exec_id=e";
    let resumed = api_request(&emulator, "GET", &format!("/v1/workflows{events_path}"))
        .header("last-event-id", "1")
        .send();
    assert_eq!(events(&resumed), all[1..]);
    assert_eq!(
        stream(&emulator, &format!("{events_path}&start_seq=2")),
        all[1..]
    );
    assert_eq!(stream(&emulator, "/events/stream?workflow_name=other"), []);
    let by_type = "/events/stream?workflow_event_types=WORKFLOW_EXECUTION_STARTED";
    assert_eq!(stream(&emulator, by_type), all[..1]);
}

#[test]
fn event_list_and_logs_have_pages() {
    let emulator = start();
    execute(&emulator, &Value::Null);
    stream(&emulator, "/executions/e/stream");
    let first = fetch(&emulator, "/events/list?limit=1");
    assert_eq!(first["events"].as_array().unwrap().len(), 1);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = fetch(&emulator, &format!("/events/list?limit=1&cursor={cursor}"));
    assert_eq!(
        second["events"][0]["event_type"],
        "WORKFLOW_EXECUTION_COMPLETED"
    );
    assert!(second["next_cursor"].is_null());
    let logs = fetch(&emulator, "/executions/e/logs")["results"].clone();
    assert_eq!(logs[0]["body"], "WORKFLOW_EXECUTION_STARTED");
    let response = send(
        &emulator,
        "GET",
        "/executions/e/logs/stream?last_event_id=1",
        &Value::Null,
    );
    assert_eq!(events(&response), [("2".to_owned(), logs[1].clone())]);
    let history = fetch(&emulator, "/executions/e/history");
    assert_eq!(history["events"].as_array().unwrap().len(), 2);
}

#[test]
fn run_list_is_filtered_and_ends() {
    let emulator = start();
    for (workflow, id) in [("a", "1"), ("b", "2"), ("a", "3")] {
        let body = json!({"execution_id": id});
        ok(&emulator, "POST", &format!("/{workflow}/execute"), &body);
    }
    let ids = |query: &str| {
        let list = fetch(&emulator, &format!("/runs{query}"));
        let runs = list["executions"].as_array().unwrap();
        let ids = runs
            .iter()
            .map(|run| run["execution_id"].as_str().unwrap().to_owned());
        (ids.collect::<Vec<_>>(), list["next_page_token"].clone())
    };
    assert_eq!(ids("?workflow_identifier=a").0, ["3", "1"]);
    assert_eq!(
        ids("?order=asc&page_size=2"),
        (vec!["1".into(), "2".into()], json!("2"))
    );
    assert_eq!(
        ids("?order=asc&next_page_token=2&page_size=2"),
        (vec!["3".into()], Value::Null)
    );
    assert_eq!(ids("?status=COMPLETED").0, [""; 0]);
    let run = fetch(&emulator, "/executions/1")["run_id"].clone();
    let found = fetch(&emulator, &format!("/runs/{}", run.as_str().unwrap()));
    assert_eq!(found["execution_id"], "1");
    assert_eq!(
        fetch(&emulator, "/a/metrics")["execution_count"]["value"],
        2
    );
}

#[test]
fn schedule_create_trigger_pause_update_delete() {
    let emulator = start();
    let body = json!({"workflow_identifier": "report",
        "schedule": {"input": {"n": 1}, "cron_expressions": ["0 0 * * *"], "max_executions": 3}});
    let created = ok(&emulator, "POST", "/schedules", &body);
    let path = format!("/schedules/{}", created["schedule_id"].as_str().unwrap());
    let schedule = fetch(&emulator, &path);
    assert_eq!(schedule["workflow_name"], "report");
    assert_eq!(schedule["remaining_executions"], 3);
    assert_eq!(schedule["paused"], false);
    ok(&emulator, "POST", &format!("{path}/trigger"), &Value::Null);
    ok(
        &emulator,
        "POST",
        &format!("{path}/pause"),
        &json!({"note": "later"}),
    );
    let update = json!({"schedule": {"input": {"n": 2}}});
    ok(&emulator, "PATCH", &path, &update);
    let changed = fetch(&emulator, &path);
    assert_eq!(
        (&changed["paused"], &changed["note"]),
        (&json!(true), &json!("later"))
    );
    assert_eq!(changed["input"], json!({"n": 2}));
    let execution = changed["recent_executions"][0]["execution_id"]
        .as_str()
        .unwrap();
    let run = fetch(&emulator, &format!("/executions/{execution}"));
    assert_eq!(run["workflow_name"], "report");
    assert_eq!(
        fetch(&emulator, "/schedules")["schedules"],
        json!([changed])
    );
    assert_eq!(send(&emulator, "DELETE", &path, &Value::Null).status, 204);
    assert_eq!(send(&emulator, "GET", &path, &Value::Null).status, 404);
}

#[test]
fn deployment_create_stop_start_delete() {
    let emulator = start();
    let body = json!({"name": "worker", "spec": {"github_url": "https://example.com/r"}});
    let created = send(&emulator, "POST", "/deployments", &body);
    assert_eq!(created.status, 202, "{}", created.text());
    assert_eq!(
        created.json()["spec"]["github_url"],
        "https://example.com/r"
    );
    assert_eq!(send(&emulator, "POST", "/deployments", &body).status, 409);
    let names = |query: &str| {
        let list = fetch(&emulator, &format!("/deployments{query}"));
        list["deployments"].as_array().unwrap().len()
    };
    assert_eq!(names(""), 1);
    let stopped = ok(&emulator, "POST", "/deployments/worker/stop", &Value::Null);
    assert_eq!(stopped["stopped"], true);
    assert_eq!((names(""), names("?active_only=false")), (0, 1));
    let detail = fetch(&emulator, "/deployments/worker");
    assert_eq!(detail["is_active"], false);
    assert_eq!(detail["managed"]["name"], "worker");
    ok(&emulator, "POST", "/deployments/worker/start", &Value::Null);
    let logs = fetch(&emulator, "/deployments/worker/logs?limit=2");
    assert_eq!(logs["results"].as_array().unwrap().len(), 2);
    assert_eq!(
        send(&emulator, "GET", "/deployments/other/logs", &Value::Null).status,
        404
    );
    let update = json!({"resources": {"replicas": 3}});
    let updated = ok(&emulator, "PATCH", "/deployments/worker", &update);
    assert_eq!(updated["resources"]["replicas"], 3);
    assert_eq!(
        send(&emulator, "DELETE", "/deployments/worker", &Value::Null).status,
        202
    );
    assert_eq!(
        send(&emulator, "GET", "/deployments/worker", &Value::Null).status,
        404
    );
}

#[test]
fn workflow_is_updated_tagged_and_archived() {
    let emulator = start();
    execute(&emulator, &Value::Null);
    let update = json!({"display_name": "Report"});
    let updated = ok(&emulator, "PUT", "/report", &update)["workflow"].clone();
    assert_eq!(updated["display_name"], "Report");
    let tags = json!({"tags": ["a", "b", "a"]});
    assert_eq!(send(&emulator, "POST", "/report/tags", &tags).status, 204);
    let id = updated["id"].as_str().unwrap();
    let ids = json!({"workflow_ids": [id]});
    let archived = ok(&emulator, "PUT", "/archive", &ids)["archived"].clone();
    assert_eq!(archived[0]["archived"], true);
    let found = fetch(&emulator, "/report")["workflow"].clone();
    assert_eq!(
        (&found["archived"], &found["tags"]),
        (&json!(true), &json!(["a", "b"]))
    );
    let listed = fetch(&emulator, "?archived=true")["workflows"].clone();
    assert_eq!(listed[0]["name"], "report");
    assert_eq!(fetch(&emulator, "?archived=false")["workflows"], json!([]));
    let registration = fetch(&emulator, "/registrations")["workflow_registrations"][0].clone();
    let path = format!(
        "/registrations/{}/execute",
        registration["id"].as_str().unwrap()
    );
    let executed = ok(&emulator, "POST", &path, &json!({}));
    assert_eq!(executed["workflow_name"], "report");
}

#[test]
fn reset_forgets_executions() {
    let emulator = start();
    execute(&emulator, &Value::Null);
    emulator.reset();
    assert_eq!(
        send(&emulator, "GET", "/executions/e", &Value::Null).status,
        404
    );
    assert_eq!(stream(&emulator, "/events/stream"), []);
}

#[test]
fn worker_namespace_is_that_of_events() {
    let emulator = start();
    execute(&emulator, &Value::Null);
    let namespace = fetch(&emulator, "/workers/whoami")["namespace"].clone();
    let events = stream(&emulator, "/executions/e/stream");
    assert_eq!(events[0].1["workflow_context"]["namespace"], namespace);
}

#[test]
fn execution_with_connectors_asks_for_their_credentials() {
    let emulator = start();
    let bindings = json!([{"connector_name": "wiki", "credentials_name": "mine"}]);
    let body = json!({"execution_id": "e",
        "extensions": {"mistralai": {"connectors": {"bindings": bindings}}}});
    ok(&emulator, "POST", "/report/execute", &body);
    let events = stream(&emulator, "/executions/e/stream");
    let expected = [
        "WORKFLOW_EXECUTION_STARTED",
        "CUSTOM_TASK_STARTED",
        "WORKFLOW_EXECUTION_COMPLETED",
    ];
    assert_eq!(types(&events), expected);
    let attributes = &events[1].1["data"]["attributes"];
    assert_eq!(attributes["custom_task_type"], "connector_auth");
    assert_eq!(attributes["payload"]["value"]["connector_name"], "wiki");
    assert!(attributes["payload"]["value"]["auth_url"].is_string());
}
