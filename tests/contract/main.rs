//! Contract tests of the SDK and the emulator against the API's OpenAPI document.
//!
//! `MISTRAL_OPENAPI` holds the path of the document, by default `shared/spec/openapi.yaml` next to
//! the repository. Without a document, nothing is checked.

// Helpers outside of test functions may panic as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

mod checks;
mod compare;
mod coverage;
mod document;
mod emulator;
mod exceptions;
mod generator;
mod instances;
mod newest;
mod report;
mod requests;
mod responses;
mod round_trip;
mod sample_requests;
mod sdk_endpoints;
mod undocumented_fields;
mod validators;

use checks::Checks;
use document::Document;
use validators::Validators;

#[tokio::test]
async fn contract_sdk_and_emulator_match_openapi_document() {
    let Some(path) = document::locate() else {
        println!("contract: skipped, there is no OpenAPI document (set MISTRAL_OPENAPI)");
        return;
    };
    let yaml = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
    let document = Document::parse(&yaml);
    let validators = Validators::new(&document);
    let mut checks = Checks::new(&document, &validators);
    let requests = requests::rows();
    checks.operations(&sdk_endpoints::all());
    checks.rows(&requests, responses::ROWS);
    checks.requests(&requests);
    checks.responses(responses::ROWS);
    checks.generator(responses::ROWS);
    emulator::check(&mut checks, &sample_requests::all()).await;
    checks.exceptions();
    println!("{}", report::report(&checks));
    assert!(
        checks.failures.is_empty(),
        "the contract is broken: see above"
    );
}
