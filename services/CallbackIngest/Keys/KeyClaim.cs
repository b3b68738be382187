namespace Webhooks.CallbackIngest.Keys;

/// <summary>What must be looked up to decide on a key.</summary>
/// <param name="CommandId">The key, with all that it belongs to.</param>
/// <param name="Scope">Whose new keys are limited together.</param>
/// <param name="Source">Of a source's webhook.</param>
/// <param name="Ticket">Whose changes supersede each other; null: it does not say when its change was.</param>
internal sealed record KeyClaim(Guid CommandId, KeyScope Scope, SourceKey? Source, TicketScope? Ticket);
