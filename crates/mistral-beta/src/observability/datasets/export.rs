//! Downloads of exports.

use mistral_core::mode::Mode;
use mistral_core::operation::{ApiRequest, DownloadCall, Operation};

use super::{Datasets, ExportDatasetResponse};

static DOWNLOAD: Operation =
    Operation::get("beta.observability.datasets.download_export", "").bytes("*/*");

impl<M: Mode> Datasets<M> {
    /// Downloads the file of an export: a record as JSON per line.
    ///
    /// The file is in a storage that is not Mistral's API. Neither the key of the client nor its
    /// headers are sent there.
    ///
    /// ```
    /// # use mistral_sdk::beta::BetaExt;
    /// # use mistral_sdk::testing::{MockReply, MockTransport};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let url = serde_json::json!({"file_url": "https://storage.test/export.jsonl?sig=abc"});
    /// # let mock = MockTransport::new()
    /// #     .json(url)
    /// #     .reply(MockReply::bytes("application/jsonl", ["{}\n{}\n"]));
    /// # let client = mistral_sdk::Client::builder(mistral_sdk::MistralApi::new("key")?)
    /// #     .transport(mock)
    /// #     .build()?;
    /// let datasets = client.beta().observability().datasets();
    /// let export = datasets.export_to_jsonl("dataset-1").await?;
    /// let file = datasets.download_export(&export).await?;
    /// let bytes = file.bytes().await?; // or `write_to` a file, or read it as a stream
    /// println!("{} records", bytes.split(|byte| *byte == b'\n').count() - 1);
    /// # assert_eq!(bytes, "{}\n{}\n");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// In addition to the errors of every call, fails with
    /// [`ErrorKind::Config`](mistral_core::ErrorKind::Config) if the URL is not one of HTTP. The
    /// storage answers with its own errors, for example 403 once the URL has expired.
    pub fn download_export(&self, export: &ExportDatasetResponse) -> DownloadCall<M> {
        let request = ApiRequest::new(&DOWNLOAD).signed_url(&export.file_url);
        self.client.call_download(request)
    }
}
