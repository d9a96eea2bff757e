//! Every kind of endpoint in every spelling, with the expected URLs and authentication header.

#![allow(unreachable_pub)]

pub const DEFAULT: &str = "api-version=2024-05-01-preview";
pub const BEARER: (&str, &str) = ("authorization", "Bearer k3y");
pub const API_KEY: (&str, &str) = ("api-key", "k3y");

/// An endpoint kind, and spellings of an endpoint of that kind.
pub struct EndpointCase {
    pub name: &'static str,
    pub spellings: &'static [&'static str],
    pub chat: &'static str,
    pub ocr: Option<&'static str>,
    /// Whether the URLs have an `api-version`.
    pub version: bool,
    pub key: (&'static str, &'static str),
}

pub const CASES: &[EndpointCase] = &[
    EndpointCase {
        name: "A1",
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
        version: false,
        key: BEARER,
    },
    EndpointCase {
        name: "A2",
        spellings: &[
            "https://mistral-serverless.westus3.inference.ai.azure.com",
            "https://mistral-serverless.westus3.inference.ai.azure.com/v1/",
            "https://mistral-serverless.westus3.inference.ai.azure.com/v1/chat/completions",
        ],
        chat: "https://mistral-serverless.westus3.inference.ai.azure.com/v1/chat/completions",
        ocr: Some("https://mistral-serverless.westus3.inference.ai.azure.com/v1/ocr"),
        version: false,
        key: BEARER,
    },
    EndpointCase {
        name: "A3",
        spellings: &[
            "https://res.services.ai.azure.com",
            "https://res.services.ai.azure.com/",
            "https://RES.services.ai.azure.com/models",
            "https://res.services.ai.azure.com/models/",
            "https://res.services.ai.azure.com/Models/Chat/Completions",
            "https://res.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
            "https://res.services.ai.azure.com/models?Api-Version=",
            "https://res.services.ai.azure.com//models//chat/completions/",
            "https://res.services.ai.azure.com/api/projects/my-project",
        ],
        chat: "https://res.services.ai.azure.com/models/chat/completions",
        ocr: Some("https://res.services.ai.azure.com/providers/mistral/azure/ocr"),
        version: true,
        key: BEARER,
    },
    EndpointCase {
        name: "A4",
        spellings: &[
            "https://res.services.ai.azure.com/providers/mistral/azure/ocr",
            "https://res.services.ai.azure.com/providers/mistral/azure/ocr/",
            "https://res.services.ai.azure.com/providers/mistral/azure",
            "https://res.services.ai.azure.com/providers/mistral/azure/ocr?api-version=2024-05-01-preview",
        ],
        chat: "https://res.services.ai.azure.com/models/chat/completions",
        ocr: Some("https://res.services.ai.azure.com/providers/mistral/azure/ocr"),
        version: true,
        key: BEARER,
    },
    EndpointCase {
        name: "A5",
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
        version: false,
        key: API_KEY,
    },
    EndpointCase {
        name: "A5",
        spellings: &[
            "https://res.services.ai.azure.com/openai",
            "https://res.services.ai.azure.com/openai/v1/",
            "https://res.services.ai.azure.com/openai/v1/chat/completions",
            "https://res.services.ai.azure.com/api/projects/p/openai/v1",
        ],
        chat: "https://res.services.ai.azure.com/openai/v1/chat/completions",
        ocr: None,
        version: false,
        key: BEARER,
    },
    EndpointCase {
        name: "A6",
        spellings: &[
            "https://res.cognitiveservices.azure.com",
            "https://res.cognitiveservices.azure.com/openai/",
            "https://res.cognitiveservices.azure.com/openai/deployments",
            "https://res.cognitiveservices.azure.com/openai/deployments/Pasted",
            "https://res.cognitiveservices.azure.com/openai/deployments/Pasted/chat/completions",
            "https://res.cognitiveservices.azure.com/openai/deployments/Pasted/chat/completions/?api-version=2024-05-01-preview",
        ],
        chat: "https://res.cognitiveservices.azure.com/openai/deployments/asked/chat/completions",
        ocr: None,
        version: true,
        key: API_KEY,
    },
    EndpointCase {
        name: "A6",
        spellings: &["https://res.openai.azure.com/openai/deployments/Pasted/chat/completions"],
        chat: "https://res.openai.azure.com/openai/deployments/asked/chat/completions",
        ocr: None,
        version: true,
        key: API_KEY,
    },
    EndpointCase {
        name: "gateway",
        spellings: &[
            "http://127.0.0.1:8080/team/ai",
            "http://127.0.0.1:8080/team/ai/",
            "http://127.0.0.1:8080/team/ai/models",
            "http://127.0.0.1:8080/team/ai/models/chat/completions?api-version=2024-05-01-preview",
            "http://127.0.0.1:8080/team/ai/providers/mistral/azure/ocr",
        ],
        chat: "http://127.0.0.1:8080/team/ai/models/chat/completions",
        ocr: Some("http://127.0.0.1:8080/team/ai/providers/mistral/azure/ocr"),
        version: true,
        key: BEARER,
    },
    EndpointCase {
        name: "gateway",
        spellings: &[
            "https://gate.example/v1/chat/completions",
            "https://gate.example/v1/ocr",
        ],
        chat: "https://gate.example/v1/chat/completions",
        ocr: Some("https://gate.example/v1/ocr"),
        version: false,
        key: BEARER,
    },
    EndpointCase {
        name: "gateway",
        spellings: &[
            "https://gate.example/team/openai/v1",
            "https://gate.example/team/openai/v1/chat/completions/",
        ],
        chat: "https://gate.example/team/openai/v1/chat/completions",
        ocr: None,
        version: false,
        key: BEARER,
    },
    EndpointCase {
        name: "gateway",
        spellings: &["https://gate.example/team/openai/deployments/Pasted"],
        chat: "https://gate.example/team/openai/deployments/asked/chat/completions",
        ocr: None,
        version: true,
        key: BEARER,
    },
];
