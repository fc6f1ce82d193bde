"""Actions of the audit trail, as people read them. An action that is not here shows as it is written."""

from __future__ import annotations

from collections.abc import Mapping

from kith_platform.i18n import N_

ACTIONS: Mapping[str, str] = {
    "company:created": N_("Company made"),
    "member:invited": N_("Invited somebody"),
    "member:invitation_withdrawn": N_("Withdrew an invitation"),
    "member:joined": N_("Joined the company"),
    "member:changed": N_("Changed a member's rights"),
    "member:team_changed": N_("Changed a member's team"),
    "member:removed": N_("Removed a member"),
    "member:restored": N_("Took a member back"),
    "unit:created": N_("Made a unit"),
    "team:created": N_("Made a team"),
    "token:created": N_("Made an API token"),
    "token:revoked": N_("Revoked an API token"),
    "module:enabled": N_("Switched a module on"),
    "module:disabled": N_("Switched a module off"),
    "module:configured": N_("Changed a module's settings"),
    "job:cancelled": N_("Cancelled a job"),
    "job:retried": N_("Started a job again"),
    "customer:erased": N_("Erased a customer"),
    "customer:created": N_("Added a customer"),
    "customer:changed": N_("Changed a customer"),
    "customer:owner_set": N_("Gave a customer to a member"),
    "duplicates:merged": N_("Merged customers"),
    "duplicates:told_apart": N_("Said that two customers are two"),
    "duplicates:undone": N_("Undid a merge"),
    "duplicates:split": N_("Took records out of a customer"),
    "duplicates:rule_set": N_("Chose which value customers show"),
    "quality:required": N_("Chose the fields every customer should have"),
    "attribute:created": N_("Made an attribute"),
    "attribute:changed": N_("Changed an attribute"),
    "attribute:removed": N_("Removed an attribute"),
    "attribute:allowed": N_("Let models learn from an attribute"),
    "attribute:kept_out": N_("Kept an attribute out of the models"),
    "import:started": N_("Imported a file"),
    "import:undone": N_("Undid an import"),
    "segment:created": N_("Made a segment"),
    "segment:changed": N_("Changed a segment"),
    "segment:removed": N_("Removed a segment"),
    "segment:exported": N_("Exported a segment's members"),
    "model:promoted": N_("Let a former model serve again"),
}

# Names of details; any other shows as it is written.
DETAILS: Mapping[str, str] = {
    "name": N_("name"),
    "email": N_("e-mail"),
    "role": N_("role"),
    "days": N_("days"),
    "scopes": N_("scopes"),
    "version": N_("version"),
    "kind": N_("kind"),
    "fields": N_("fields"),
    "before": N_("before"),
    "after": N_("after"),
    "team": N_("team"),
    "owner": N_("owner"),
    "settings": N_("settings"),
    "reason": N_("reason"),
    "file": N_("file"),
    "table": N_("content"),
    "source": N_("source"),
    "sha256": N_("checksum"),
    "rule": N_("rule"),
    "size": N_("size"),
}
