use mistral_core::{Error, Result};

/// How an endpoint's URLs are made.
///
/// Recognised from the endpoint's host and path; to be named for an endpoint where neither
/// tells it, for example a gateway's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AzureForm {
    /// A deployment with a host of its own: `https://<deployment>.<region>.models.ai.azure.com`
    /// or `https://<deployment>.<region>.inference.ai.azure.com`.
    ///
    /// Chat is at `/v1/chat/completions`, OCR at `/v1/ocr`.
    Serverless,
    /// A resource of Foundry: `https://<resource>.services.ai.azure.com`.
    ///
    /// Chat is at `/models/chat/completions`, OCR at `/providers/mistral/azure/ocr`, both
    /// with an `api-version`.
    Foundry,
    /// The route without a version: `https://<resource>.openai.azure.com/openai/v1`, or the
    /// same path at `services.ai.azure.com`.
    ///
    /// Chat is at `/openai/v1/chat/completions`; OCR is not offered.
    OpenAiV1,
    /// The classic route:
    /// `https://<resource>.cognitiveservices.azure.com/openai/deployments/<deployment>`.
    ///
    /// Chat is at `/openai/deployments/<deployment>/chat/completions`, with an
    /// `api-version`; OCR is not offered.
    Deployments,
}

/// What Azure offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Chat,
    Ocr,
}

impl Operation {
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name {
            "chat.complete" | "chat.stream" => Some(Self::Chat),
            "ocr.process" => Some(Self::Ocr),
            _ => None,
        }
    }
}

impl AzureForm {
    pub(crate) fn has_api_version(self) -> bool {
        matches!(self, Self::Foundry | Self::Deployments)
    }

    /// The path of an operation. The deployment is looked at only where it is in the path.
    pub(crate) fn path(self, operation: Operation, deployment: Option<&str>) -> Result<Vec<&str>> {
        Ok(match (self, operation) {
            (Self::Serverless, Operation::Chat) => vec!["v1", "chat", "completions"],
            (Self::Serverless, Operation::Ocr) => vec!["v1", "ocr"],
            (Self::Foundry, Operation::Chat) => vec!["models", "chat", "completions"],
            (Self::Foundry, Operation::Ocr) => vec!["providers", "mistral", "azure", "ocr"],
            (Self::OpenAiV1, Operation::Chat) => vec!["openai", "v1", "chat", "completions"],
            (Self::Deployments, Operation::Chat) => {
                let deployment = deployment.ok_or_else(|| {
                    Error::config(
                        "the deployment is not known, and this endpoint has it in its path: name \
                         it as the request's model, with `model` of the builder, or in the \
                         endpoint (`…/openai/deployments/<deployment>`)",
                    )
                })?;
                // A URL would lose these without a word.
                let is_lost = deployment.contains(['\t', '\n', '\r']);
                if is_lost || matches!(deployment, "." | "..") {
                    return Err(Error::config(format!(
                        "the deployment must not be `{}`",
                        deployment.escape_debug()
                    )));
                }
                vec!["openai", "deployments", deployment, "chat", "completions"]
            }
            (Self::OpenAiV1 | Self::Deployments, Operation::Ocr) => {
                return Err(Error::config(
                    "there is no OCR below `/openai`: use the resource's endpoint \
                     `https://<resource>.services.ai.azure.com`, or that of a serverless \
                     deployment",
                ));
            }
        })
    }
}
