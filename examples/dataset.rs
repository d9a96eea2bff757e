//! Creates a dataset, imports conversations from a file, lets a model judge them, and exports them.

use mistral_sdk::Client;
use mistral_sdk::beta::BetaExt;
use mistral_sdk::beta::observability::datasets::records::{
    CreateJudgeRequest, JudgeAnswer, JudgeDatasetRecordRequest, JudgeRegressionOutput,
};
use mistral_sdk::beta::observability::datasets::{
    CreateDatasetRequest, ImportDatasetFromFileRequest, ListDatasetRecordsRequest,
};
use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};

/// A record of the dataset per line.
const CONVERSATIONS: &str = r#"{"payload": {"messages": [{"role": "user", "content": "Who painted Olympia?"}, {"role": "assistant", "content": "Manet."}]}}
{"payload": {"messages": [{"role": "user", "content": "And when?"}, {"role": "assistant", "content": "In 1863."}]}}
"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let datasets = client.beta().observability().datasets();

    let request = CreateDatasetRequest::new("Paintings", "Questions about paintings");
    let dataset = datasets.create(&request).await?;

    let source = FileSource::from_bytes("paintings.jsonl", CONVERSATIONS);
    let upload = UploadFileRequest::new(FilePurpose::Batch, source);
    let file = client.files().upload(&upload).await?;
    let import = ImportDatasetFromFileRequest::new(&file.id);
    let task = datasets.import_from_file(&dataset.id, &import).await?;
    let task = datasets.wait_for_task(&dataset.id, &task.id).await?;
    if let Some(result) = task.result {
        println!("{} records imported", result.imported_record_count);
    }

    let judge = JudgeDatasetRecordRequest::new(CreateJudgeRequest::new(
        "Brevity",
        "Scores how brief an answer is",
        "mistral-medium-latest",
        JudgeRegressionOutput::new("long-winded", "brief"),
        "Score the brevity of the assistant's last message.",
        Vec::<String>::new(),
    ));
    let request = ListDatasetRecordsRequest::new();
    let mut records = datasets.list_records(&dataset.id, &request).pages().items();
    while let Some(record) = records.next().await {
        let id = record?.id;
        let output = datasets.records().judge(&id, &judge).await?;
        match output.answer {
            JudgeAnswer::Number(score) => println!("{id}: {score}"),
            answer => println!("{id}: not a score, but {answer:?}"),
        }
    }

    let export = datasets.export_to_jsonl(&dataset.id).await?;
    let path = std::env::temp_dir().join("paintings-export.jsonl");
    let download = datasets.download_export(&export).await?;
    let bytes = download.write_to(&path).await?;
    println!("{bytes} bytes in {}", path.display());

    datasets.delete(&dataset.id).await?;
    client.files().delete(&file.id).await?;
    Ok(())
}
