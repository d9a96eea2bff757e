//! The contract: the SDK, and the emulator, against the API's OpenAPI document.
//!
//! The document is the one that `MISTRAL_OPENAPI` names, or else the workshop's. Where there
//! is none, nothing is checked.

// Helpers outside of test functions may panic as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

mod beyond;
mod checks;
mod compare;
mod document;
mod emulator;
mod exceptions;
mod exchanges;
mod generate;
mod instances;
mod marks;
mod registry;
mod report;
mod requests;
mod responses;
mod round_trip;
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
    checks.operations(&registry::endpoints());
    checks.rows(&requests, responses::ROWS);
    checks.requests(&requests);
    checks.responses(responses::ROWS);
    checks.generator(responses::ROWS);
    emulator::check(&mut checks, &exchanges::all()).await;
    checks.exceptions();
    println!("{}", report::report(&checks));
    assert!(
        checks.failures.is_empty(),
        "the contract is broken: see above"
    );
}
