use mistral_core::{Error, Result};

/// The URL layout of an Azure endpoint.
///
/// Detected from the endpoint's host and path. Set it with
/// [`MistralAzureBuilder::endpoint_kind`](crate::MistralAzureBuilder::endpoint_kind) where
/// neither shows it, for example behind a gateway, or to select another chat route of a Foundry
/// resource.
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
    /// The route that Microsoft recommends: `https://<resource>.services.ai.azure.com/openai/v1`,
    /// the same below `/api/projects/<project>`, or
    /// `https://<resource>.openai.azure.com/openai/v1`. Default of a Foundry resource without a
    /// path and of an unknown host.
    ///
    /// Chat is at `/openai/v1/chat/completions`, without an `api-version`. OCR is at
    /// `/providers/mistral/azure/ocr`, except on hosts of `openai.azure.com` and
    /// `cognitiveservices.azure.com`, where it is not available.
    OpenAiV1,
    /// The Model Inference API: `https://<resource>.services.ai.azure.com/models`. Default of a
    /// Foundry resource without a path for which an `api-version` is set.
    ///
    /// Chat is at `/models/chat/completions`, with an `api-version`, OCR at
    /// `/providers/mistral/azure/ocr`. Mistral's official SDK uses these routes; Microsoft
    /// recommends [`OpenAiV1`](Self::OpenAiV1).
    Models,
    /// The classic route:
    /// `https://<resource>.cognitiveservices.azure.com/openai/deployments/<deployment>`.
    ///
    /// Chat is at `/openai/deployments/<deployment>/chat/completions`, with an
    /// `api-version`. OCR is available as for [`OpenAiV1`](Self::OpenAiV1).
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
    /// The names of the kinds in environment variables.
    pub(crate) const NAMES: [(&'static str, Self); 4] = [
        ("openai-v1", Self::OpenAiV1),
        ("models", Self::Models),
        ("deployments", Self::Deployments),
        ("serverless", Self::Serverless),
    ];

    /// Whether the chat route has an `api-version`.
    pub(crate) fn has_api_version(self) -> bool {
        matches!(self, Self::Models | Self::Deployments)
    }

    /// Returns the path segments of an operation. Only [`Self::Deployments`] uses `deployment`.
    pub(crate) fn path(
        self,
        operation: AzureOperation,
        deployment: Option<&str>,
    ) -> Result<Vec<&str>> {
        Ok(match (operation, self) {
            (AzureOperation::Chat, Self::Serverless) => vec!["v1", "chat", "completions"],
            (AzureOperation::Chat, Self::OpenAiV1) => vec!["openai", "v1", "chat", "completions"],
            (AzureOperation::Chat, Self::Models) => vec!["models", "chat", "completions"],
            (AzureOperation::Chat, Self::Deployments) => {
                let deployment = checked_deployment(deployment)?;
                vec!["openai", "deployments", deployment, "chat", "completions"]
            }
            (AzureOperation::Ocr, Self::Serverless) => vec!["v1", "ocr"],
            (AzureOperation::Ocr, _) => vec!["providers", "mistral", "azure", "ocr"],
        })
    }
}

fn checked_deployment(deployment: Option<&str>) -> Result<&str> {
    let deployment = deployment.ok_or_else(|| {
        Error::config(
            "this Azure endpoint needs a deployment in its path, and none is set: set the \
             request's `model`, `MistralAzureBuilder::model` or AZURE_MODEL, or put it in the \
             endpoint (`…/openai/deployments/<deployment>`)",
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
    Ok(deployment)
}
