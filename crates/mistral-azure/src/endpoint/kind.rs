use mistral_core::{Error, Result};

/// The URL layout of an Azure endpoint.
///
/// Detected from the endpoint's host and path. Set it with
/// [`MistralAzureBuilder::endpoint_kind`](crate::MistralAzureBuilder::endpoint_kind) where
/// neither shows it, for example behind a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndpointKind {
    /// A serverless deployment with a host of its own:
    /// `https://<deployment>.<region>.models.ai.azure.com` or
    /// `https://<deployment>.<region>.inference.ai.azure.com`; or an online endpoint of Azure Machine
    /// Learning: `https://<endpoint>.<region>.inference.ml.azure.com`.
    ///
    /// Chat is at `/v1/chat/completions`, OCR at `/v1/ocr`.
    Serverless,
    /// A Foundry resource: `https://<resource>.services.ai.azure.com`.
    ///
    /// Chat is at `/models/chat/completions`, OCR at `/providers/mistral/azure/ocr`, both
    /// with an `api-version`.
    Foundry,
    /// The route without an `api-version`: `https://<resource>.openai.azure.com/openai/v1`, or
    /// the same path at `services.ai.azure.com`.
    ///
    /// Chat is at `/openai/v1/chat/completions`. OCR is not available.
    OpenAiV1,
    /// The classic route:
    /// `https://<resource>.cognitiveservices.azure.com/openai/deployments/<deployment>`.
    ///
    /// Chat is at `/openai/deployments/<deployment>/chat/completions`, with an
    /// `api-version`. OCR is not available.
    Deployments,
}

/// An operation that Azure serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AzureOperation {
    Chat,
    Ocr,
}

impl AzureOperation {
    /// Returns the operation with this name, if Azure serves it.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "chat.complete" | "chat.stream" => Some(Self::Chat),
            "ocr.process" => Some(Self::Ocr),
            _ => None,
        }
    }
}

impl EndpointKind {
    pub(crate) fn has_api_version(self) -> bool {
        matches!(self, Self::Foundry | Self::Deployments)
    }

    /// Returns the path segments of an operation. Only [`Self::Deployments`] uses `deployment`.
    pub(crate) fn path(
        self,
        operation: AzureOperation,
        deployment: Option<&str>,
    ) -> Result<Vec<&str>> {
        Ok(match (self, operation) {
            (Self::Serverless, AzureOperation::Chat) => vec!["v1", "chat", "completions"],
            (Self::Serverless, AzureOperation::Ocr) => vec!["v1", "ocr"],
            (Self::Foundry, AzureOperation::Chat) => vec!["models", "chat", "completions"],
            (Self::Foundry, AzureOperation::Ocr) => vec!["providers", "mistral", "azure", "ocr"],
            (Self::OpenAiV1, AzureOperation::Chat) => vec!["openai", "v1", "chat", "completions"],
            (Self::Deployments, AzureOperation::Chat) => {
                let deployment = deployment.ok_or_else(|| {
                    Error::config(
                        "this Azure endpoint needs a deployment in its path, and none is set: \
                         set the request's `model`, `MistralAzureBuilder::model` or AZURE_MODEL, \
                         or put it in the endpoint (`…/openai/deployments/<deployment>`)",
                    )
                })?;
                // `Url` silently drops these characters and resolves dot segments.
                let is_dropped = deployment.contains(['\t', '\n', '\r']);
                if is_dropped || matches!(deployment, "." | "..") {
                    return Err(Error::config(format!(
                        "`{}` is not a valid deployment name: set the request's `model` or \
                         `MistralAzureBuilder::model` to the name of a deployment",
                        deployment.escape_debug()
                    )));
                }
                vec!["openai", "deployments", deployment, "chat", "completions"]
            }
            (Self::OpenAiV1 | Self::Deployments, AzureOperation::Ocr) => {
                return Err(Error::config(
                    "`ocr.process` is not available below `/openai`: set the endpoint to \
                     `https://<resource>.services.ai.azure.com`, or to that of a serverless \
                     deployment",
                ));
            }
        })
    }
}
