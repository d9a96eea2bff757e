//! Every form of an endpoint in every spelling, with the expected URLs, header and scope.
//!
//! The expected values are written by hand, from Microsoft's documentation and public reports.

#![allow(unreachable_pub)]

use crate::common::{API_KEY, BEARER};

const AI: &str = "https://ai.azure.com/.default";
const COGNITIVE: &str = "https://cognitiveservices.azure.com/.default";
const ML: &str = "https://ml.azure.com/.default";

/// A form of an endpoint, and what is sent to it for the deployment `asked`.
pub struct EndpointForm {
    pub name: &'static str,
    pub spellings: &'static [&'static str],
    /// The URL of chat, complete and streamed.
    pub chat: &'static str,
    /// The URL of OCR. `None` if it is refused.
    pub ocr: Option<&'static str>,
    /// The header of a key. Tokens are always sent as `Authorization: Bearer`.
    pub key: (&'static str, &'static str),
    /// The scope that Entra ID tokens are requested for.
    pub scope: &'static str,
}

pub const FORMS: &[EndpointForm] = &[
    EndpointForm {
        name: "Foundry",
        spellings: &[
            "https://res.services.ai.azure.com",
            "https://res.services.ai.azure.com/",
            " https://RES.services.ai.azure.com:443\n",
            "\"https://res.services.ai.azure.com\"",
            "'https://res.services.ai.azure.com/'",
            "https://res.services.ai.azure.com?api-version=",
            "https://res.services.ai.azure.com/openai",
            "https://res.services.ai.azure.com/openai/v1",
            "https://res.services.ai.azure.com/openai/v1/",
            "https://res.services.ai.azure.com//OpenAI/v1//chat/completions",
            "https://res.services.ai.azure.com/openai/v1/chat/completions?api-version=preview",
            "https://res.services.ai.azure.com/providers/mistral/azure",
            "https://res.services.ai.azure.com/providers/mistral/azure/ocr",
        ],
        chat: "https://res.services.ai.azure.com/openai/v1/chat/completions",
        ocr: Some("https://res.services.ai.azure.com/providers/mistral/azure/ocr"),
        key: BEARER,
        scope: AI,
    },
    EndpointForm {
        name: "Foundry, project",
        spellings: &[
            "https://res.services.ai.azure.com/api/projects/my-project",
            "https://res.services.ai.azure.com/api/projects/my-project/",
            "https://res.services.ai.azure.com/api/projects/my-project/openai",
            "https://res.services.ai.azure.com/api/projects/my-project/openai/v1",
            "https://res.services.ai.azure.com/api/projects/my-project/openai/v1/",
            "https://res.services.ai.azure.com/api/projects/my-project/openai/v1/chat/completions",
        ],
        chat: "https://res.services.ai.azure.com/api/projects/my-project/openai/v1/chat/completions",
        ocr: Some("https://res.services.ai.azure.com/providers/mistral/azure/ocr"),
        key: BEARER,
        scope: AI,
    },
    EndpointForm {
        name: "Foundry, models",
        spellings: &[
            "https://res.services.ai.azure.com/models",
            "https://RES.services.ai.azure.com/models/",
            "https://res.services.ai.azure.com/Models/Chat/Completions",
            "https://res.services.ai.azure.com/models?Api-Version=",
            "https://res.services.ai.azure.com//models//chat/completions/",
            "https://res.services.ai.azure.com/api/projects/my-project/models",
        ],
        chat: "https://res.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
        ocr: Some("https://res.services.ai.azure.com/providers/mistral/azure/ocr"),
        key: BEARER,
        scope: COGNITIVE,
    },
    EndpointForm {
        name: "Foundry, version",
        spellings: &[
            "https://res.services.ai.azure.com?api-version=2024-08-01",
            "https://res.services.ai.azure.com/api/projects/p?api-version=2024-08-01",
            "https://res.services.ai.azure.com/models/chat/completions?api-version=2024-08-01",
            "https://res.services.ai.azure.com/providers/mistral/azure/ocr?api-version=2024-08-01",
        ],
        chat: "https://res.services.ai.azure.com/models/chat/completions?api-version=2024-08-01",
        ocr: Some(
            "https://res.services.ai.azure.com/providers/mistral/azure/ocr?api-version=2024-08-01",
        ),
        key: BEARER,
        scope: COGNITIVE,
    },
    EndpointForm {
        name: "Foundry, deployment",
        spellings: &[
            "https://res.services.ai.azure.com/openai/deployments/Pasted",
            "https://res.services.ai.azure.com/openai/deployments/Pasted/chat/completions?api-version=2024-05-01-preview",
        ],
        chat: "https://res.services.ai.azure.com/openai/deployments/asked/chat/completions?api-version=2024-05-01-preview",
        ocr: Some("https://res.services.ai.azure.com/providers/mistral/azure/ocr"),
        key: API_KEY,
        scope: COGNITIVE,
    },
    EndpointForm {
        name: "OpenAI",
        spellings: &[
            "https://res.openai.azure.com",
            "https://res.openai.azure.com/openai",
            "https://res.openai.azure.com/openai/v1",
            "https://res.openai.azure.com/openai/v1/",
            "https://res.openai.azure.com/openai/v1/chat/completions",
            "https://res.openai.azure.com/openai/v1/chat/completions?api-version=preview",
        ],
        chat: "https://res.openai.azure.com/openai/v1/chat/completions",
        ocr: None,
        key: API_KEY,
        scope: AI,
    },
    EndpointForm {
        name: "OpenAI, deployment",
        spellings: &["https://res.openai.azure.com/openai/deployments/Pasted/chat/completions"],
        chat: "https://res.openai.azure.com/openai/deployments/asked/chat/completions?api-version=2024-05-01-preview",
        ocr: None,
        key: API_KEY,
        scope: COGNITIVE,
    },
    EndpointForm {
        name: "Cognitive Services",
        spellings: &[
            "https://res.cognitiveservices.azure.com",
            "https://res.cognitiveservices.azure.com/openai/",
            "https://res.cognitiveservices.azure.com/openai/deployments",
            "https://res.cognitiveservices.azure.com/openai/deployments/Pasted",
            "https://res.cognitiveservices.azure.com/openai/deployments/Pasted/chat/completions",
            "https://res.cognitiveservices.azure.com/openai/deployments/Pasted/chat/completions/?api-version=2024-05-01-preview",
        ],
        chat: "https://res.cognitiveservices.azure.com/openai/deployments/asked/chat/completions?api-version=2024-05-01-preview",
        ocr: None,
        key: API_KEY,
        scope: COGNITIVE,
    },
    EndpointForm {
        name: "Cognitive Services, v1",
        spellings: &["https://res.cognitiveservices.azure.com/openai/v1/"],
        chat: "https://res.cognitiveservices.azure.com/openai/v1/chat/completions",
        ocr: None,
        key: API_KEY,
        scope: AI,
    },
    EndpointForm {
        name: "serverless",
        spellings: &[
            "https://mistral-large.eastus2.models.ai.azure.com",
            "https://mistral-large.eastus2.models.ai.azure.com/",
            " https://Mistral-Large.eastus2.models.ai.azure.com:443\n",
            "https://mistral-large.eastus2.models.ai.azure.com/v1",
            "https://mistral-large.eastus2.models.ai.azure.com/v1/",
            "https://mistral-large.eastus2.models.ai.azure.com/v1/chat/completions",
            "https://mistral-large.eastus2.models.ai.azure.com/v1/chat/completions/",
            "https://mistral-large.eastus2.models.ai.azure.com/chat/completions?api-version=2024-05-01-preview",
            "https://mistral-large.eastus2.models.ai.azure.com/v1/ocr",
        ],
        chat: "https://mistral-large.eastus2.models.ai.azure.com/v1/chat/completions",
        ocr: Some("https://mistral-large.eastus2.models.ai.azure.com/v1/ocr"),
        key: BEARER,
        scope: COGNITIVE,
    },
    EndpointForm {
        name: "serverless, older",
        spellings: &[
            "https://mistral-serverless.westus3.inference.ai.azure.com",
            "https://mistral-serverless.westus3.inference.ai.azure.com/v1/",
            "https://mistral-serverless.westus3.inference.ai.azure.com/v1/chat/completions",
        ],
        chat: "https://mistral-serverless.westus3.inference.ai.azure.com/v1/chat/completions",
        ocr: Some("https://mistral-serverless.westus3.inference.ai.azure.com/v1/ocr"),
        key: BEARER,
        scope: COGNITIVE,
    },
    EndpointForm {
        name: "online endpoint",
        spellings: &[
            "https://e.westeurope.inference.ml.azure.com",
            "https://e.westeurope.inference.ml.azure.com/v1/chat/completions",
        ],
        chat: "https://e.westeurope.inference.ml.azure.com/v1/chat/completions",
        ocr: Some("https://e.westeurope.inference.ml.azure.com/v1/ocr"),
        key: BEARER,
        scope: ML,
    },
    EndpointForm {
        name: "US, Foundry",
        spellings: &[
            "https://res.services.ai.azure.us",
            "https://res.services.ai.azure.us/openai/v1/",
        ],
        chat: "https://res.services.ai.azure.us/openai/v1/chat/completions",
        ocr: Some("https://res.services.ai.azure.us/providers/mistral/azure/ocr"),
        key: BEARER,
        scope: "https://ai.azure.us/.default",
    },
    EndpointForm {
        name: "US, models",
        spellings: &["https://res.services.ai.azure.us/models"],
        chat: "https://res.services.ai.azure.us/models/chat/completions?api-version=2024-05-01-preview",
        ocr: Some("https://res.services.ai.azure.us/providers/mistral/azure/ocr"),
        key: BEARER,
        scope: "https://cognitiveservices.azure.us/.default",
    },
    EndpointForm {
        name: "US, OpenAI",
        spellings: &["https://res.openai.azure.us/openai/v1"],
        chat: "https://res.openai.azure.us/openai/v1/chat/completions",
        ocr: None,
        key: API_KEY,
        scope: "https://ai.azure.us/.default",
    },
    EndpointForm {
        name: "China, OpenAI",
        spellings: &["https://res.openai.azure.cn"],
        chat: "https://res.openai.azure.cn/openai/v1/chat/completions",
        ocr: None,
        key: API_KEY,
        scope: "https://cognitiveservices.azure.cn/.default",
    },
    EndpointForm {
        name: "gateway",
        spellings: &[
            "http://127.0.0.1:8080/team/ai",
            "http://127.0.0.1:8080/team/ai/",
            "http://127.0.0.1:8080/team/ai/openai/v1",
            "http://127.0.0.1:8080/team/ai/openai/v1/chat/completions/",
            "http://127.0.0.1:8080/team/ai/providers/mistral/azure/ocr",
        ],
        chat: "http://127.0.0.1:8080/team/ai/openai/v1/chat/completions",
        ocr: Some("http://127.0.0.1:8080/team/ai/providers/mistral/azure/ocr"),
        key: BEARER,
        scope: AI,
    },
    EndpointForm {
        name: "gateway, project",
        spellings: &[
            "http://127.0.0.1:8080/team/api/projects/p",
            "http://127.0.0.1:8080/team/api/projects/p/openai/v1/chat/completions",
        ],
        chat: "http://127.0.0.1:8080/team/api/projects/p/openai/v1/chat/completions",
        ocr: Some("http://127.0.0.1:8080/team/providers/mistral/azure/ocr"),
        key: BEARER,
        scope: AI,
    },
    EndpointForm {
        name: "gateway, models",
        spellings: &[
            "http://127.0.0.1:8080/team/ai/models",
            "http://127.0.0.1:8080/team/ai/models/chat/completions",
        ],
        chat: "http://127.0.0.1:8080/team/ai/models/chat/completions?api-version=2024-05-01-preview",
        ocr: Some("http://127.0.0.1:8080/team/ai/providers/mistral/azure/ocr"),
        key: BEARER,
        scope: COGNITIVE,
    },
    EndpointForm {
        name: "gateway, deployment",
        spellings: &["https://gate.example/team/openai/deployments/Pasted"],
        chat: "https://gate.example/team/openai/deployments/asked/chat/completions?api-version=2024-05-01-preview",
        ocr: Some("https://gate.example/team/providers/mistral/azure/ocr"),
        key: API_KEY,
        scope: COGNITIVE,
    },
    EndpointForm {
        name: "gateway, serverless",
        spellings: &[
            "https://gate.example/v1/chat/completions",
            "https://gate.example/v1/ocr",
        ],
        chat: "https://gate.example/v1/chat/completions",
        ocr: Some("https://gate.example/v1/ocr"),
        key: BEARER,
        scope: COGNITIVE,
    },
];
