using System.Text;

namespace Webhooks.Subscriptions.Events;

/// <summary>One member that an event may have, and its form (section 1 of the contract).</summary>
internal sealed class EventMember
{
    public static readonly EventMember Id = new(
        "id", isRequired: true, text => EventRules.IsId(text), "must be 1–128 of A–Z, a–z, 0–9, '_', '.', ':' and '-'");

    public static readonly EventMember Type = new(
        "type", isRequired: true, text => EventRules.IsType(text),
        "must be words of a–z, 0–9 and '_' with single dots between them, at most 128 characters in all");

    public static readonly EventMember Timestamp = new(
        "timestamp", isRequired: false, text => EventTime.TryParse(text, out _),
        "must be an existing ISO 8601 date and time with an offset, such as 2024-01-20T10:30:00Z");

    public static readonly EventMember Version = new(
        "version", isRequired: false, text => EventRules.IsStorable(text), "must be text without the character U+0000");

    public static readonly EventMember TenantId = new(
        "tenant_id", isRequired: true, text => EventRules.IsTenantId(text), "must be 1–64 of A–Z, a–z, 0–9, '_' and '-'");

    public static readonly EventMember ContextId = new(
        "context_id", isRequired: false, text => EventRules.IsStorable(text), "must be text without the character U+0000");

    public static readonly EventMember Data = new("data", isRequired: true);

    public static readonly EventMember Metadata = new("metadata", isRequired: false);

    public static readonly EventMember[] All = [Id, Type, Timestamp, Version, TenantId, ContextId, Data, Metadata];

    private readonly byte[] _utf8Name;

    private EventMember(string name, bool isRequired, Predicate<string>? isWellFormed = null, string form = "must be an object")
    {
        Name = name;
        IsRequired = isRequired;
        IsWellFormed = isWellFormed;
        Form = form;
        _utf8Name = Encoding.UTF8.GetBytes(name);
    }

    public string Name { get; }

    /// <summary>Where it stands in <see cref="All"/>.</summary>
    public int Position => Array.IndexOf(All, this);

    public bool IsRequired { get; }

    /// <summary>Null: an object, not a string.</summary>
    public Predicate<string>? IsWellFormed { get; }

    /// <summary>What the member must be like.</summary>
    public string Form { get; }

    public ReadOnlySpan<byte> Utf8Name => _utf8Name;
}
