//! The operations of the beta groups: conversations, agents, libraries, prompts and skills.

use super::{Operation, operation};

/// The operations. Of two that differ only in the body, the streamed one stands second, and a fixed
/// path precedes a template that fits it.
pub(super) static OPERATIONS: &[Operation] = &[
    operation("beta.conversations.list", "GET", "/v1/conversations"),
    operation("beta.conversations.start", "POST", "/v1/conversations"),
    operation(
        "beta.conversations.start_stream",
        "POST",
        "/v1/conversations",
    ),
    operation(
        "beta.conversations.delete",
        "DELETE",
        "/v1/conversations/{conversation_id}",
    ),
    operation(
        "beta.conversations.get",
        "GET",
        "/v1/conversations/{conversation_id}",
    ),
    operation(
        "beta.conversations.append",
        "POST",
        "/v1/conversations/{conversation_id}",
    ),
    operation(
        "beta.conversations.append_stream",
        "POST",
        "/v1/conversations/{conversation_id}",
    ),
    operation(
        "beta.conversations.get_history",
        "GET",
        "/v1/conversations/{conversation_id}/history",
    ),
    operation(
        "beta.conversations.get_messages",
        "GET",
        "/v1/conversations/{conversation_id}/messages",
    ),
    operation(
        "beta.conversations.restart",
        "POST",
        "/v1/conversations/{conversation_id}/restart",
    ),
    operation(
        "beta.conversations.restart_stream",
        "POST",
        "/v1/conversations/{conversation_id}/restart",
    ),
    operation("beta.agents.list_pages", "GET", "/v1/agents/pages"),
    operation("beta.agents.list", "GET", "/v1/agents"),
    operation("beta.agents.create", "POST", "/v1/agents"),
    operation("beta.agents.delete", "DELETE", "/v1/agents/{agent_id}"),
    operation("beta.agents.get", "GET", "/v1/agents/{agent_id}"),
    operation("beta.agents.update", "PATCH", "/v1/agents/{agent_id}"),
    operation(
        "beta.agents.delete_version_alias",
        "DELETE",
        "/v1/agents/{agent_id}/aliases",
    ),
    operation(
        "beta.agents.list_version_aliases",
        "GET",
        "/v1/agents/{agent_id}/aliases",
    ),
    operation(
        "beta.agents.create_version_alias",
        "PUT",
        "/v1/agents/{agent_id}/aliases",
    ),
    operation(
        "beta.agents.update_version",
        "PATCH",
        "/v1/agents/{agent_id}/version",
    ),
    operation(
        "beta.agents.list_versions",
        "GET",
        "/v1/agents/{agent_id}/versions",
    ),
    operation(
        "beta.agents.get_version",
        "GET",
        "/v1/agents/{agent_id}/versions/{version}",
    ),
    operation("beta.libraries.list", "GET", "/v1/libraries"),
    operation("beta.libraries.create", "POST", "/v1/libraries"),
    operation(
        "beta.libraries.delete",
        "DELETE",
        "/v1/libraries/{library_id}",
    ),
    operation("beta.libraries.get", "GET", "/v1/libraries/{library_id}"),
    operation(
        "beta.libraries.update",
        "PATCH",
        "/v1/libraries/{library_id}",
    ),
    operation(
        "beta.libraries.libraries_update_v1",
        "PUT",
        "/v1/libraries/{library_id}",
    ),
    operation(
        "beta.libraries.documents.list",
        "GET",
        "/v1/libraries/{library_id}/documents",
    ),
    operation(
        "beta.libraries.documents.upload",
        "POST",
        "/v1/libraries/{library_id}/documents",
    ),
    operation(
        "beta.libraries.documents.delete",
        "DELETE",
        "/v1/libraries/{library_id}/documents/{document_id}",
    ),
    operation(
        "beta.libraries.documents.get",
        "GET",
        "/v1/libraries/{library_id}/documents/{document_id}",
    ),
    operation(
        "beta.libraries.documents.update",
        "PATCH",
        "/v1/libraries/{library_id}/documents/{document_id}",
    ),
    operation(
        "beta.libraries.documents.libraries_documents_update_v1",
        "PUT",
        "/v1/libraries/{library_id}/documents/{document_id}",
    ),
    operation(
        "beta.libraries.documents.extracted_text_signed_url",
        "GET",
        "/v1/libraries/{library_id}/documents/{document_id}/extracted-text-signed-url",
    ),
    operation(
        "beta.libraries.documents.reprocess",
        "POST",
        "/v1/libraries/{library_id}/documents/{document_id}/reprocess",
    ),
    operation(
        "beta.libraries.documents.get_signed_url",
        "GET",
        "/v1/libraries/{library_id}/documents/{document_id}/signed-url",
    ),
    operation(
        "beta.libraries.documents.status",
        "GET",
        "/v1/libraries/{library_id}/documents/{document_id}/status",
    ),
    operation(
        "beta.libraries.documents.text_content",
        "GET",
        "/v1/libraries/{library_id}/documents/{document_id}/text_content",
    ),
    operation(
        "beta.libraries.accesses.delete",
        "DELETE",
        "/v1/libraries/{library_id}/share",
    ),
    operation(
        "beta.libraries.accesses.list",
        "GET",
        "/v1/libraries/{library_id}/share",
    ),
    operation(
        "beta.libraries.accesses.update_or_create",
        "PUT",
        "/v1/libraries/{library_id}/share",
    ),
    operation("beta.prompts.list", "GET", "/v2/prompts"),
    operation("beta.prompts.create", "POST", "/v2/prompts"),
    operation("beta.prompts.delete", "DELETE", "/v2/prompts/{prompt_id}"),
    operation("beta.prompts.get", "GET", "/v2/prompts/{prompt_id}"),
    operation(
        "beta.prompts.update_metadata",
        "PATCH",
        "/v2/prompts/{prompt_id}",
    ),
    operation(
        "beta.prompts.list_versions",
        "GET",
        "/v2/prompts/{prompt_id}/versions",
    ),
    operation(
        "beta.prompts.create_version",
        "POST",
        "/v2/prompts/{prompt_id}/versions",
    ),
    operation(
        "beta.prompts.get_version",
        "GET",
        "/v2/prompts/{prompt_id}/versions/{version}",
    ),
    operation(
        "beta.prompts.update_version_metadata",
        "PATCH",
        "/v2/prompts/{prompt_id}/versions/{version}",
    ),
    operation("beta.skills.list", "GET", "/v2/skills"),
    operation("beta.skills.create", "POST", "/v2/skills"),
    operation("beta.skills.delete", "DELETE", "/v2/skills/{skill_id}"),
    operation("beta.skills.get", "GET", "/v2/skills/{skill_id}"),
    operation(
        "beta.skills.update_metadata",
        "PATCH",
        "/v2/skills/{skill_id}",
    ),
    operation(
        "beta.skills.list_versions",
        "GET",
        "/v2/skills/{skill_id}/versions",
    ),
    operation(
        "beta.skills.create_version",
        "POST",
        "/v2/skills/{skill_id}/versions",
    ),
    operation(
        "beta.skills.get_version",
        "GET",
        "/v2/skills/{skill_id}/versions/{version}",
    ),
    operation(
        "beta.skills.update_version_metadata",
        "PATCH",
        "/v2/skills/{skill_id}/versions/{version}",
    ),
];
