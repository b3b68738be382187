using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Webhooks.Subscriptions.Events;

/// <summary>An event's members while they are read, and all that is wrong with them.</summary>
/// <param name="pointer">JSON pointer to the event in the body as sent.</param>
/// <param name="reserved">May it have one of the system's own types?</param>
internal sealed class EventMembers(string pointer, bool reserved)
{
    private const string DefaultVersion = "1.0";

    // Indexed like EventMember.All.
    private readonly int[] _occurrences = new int[EventMember.All.Length];
    private readonly string?[] _texts = new string?[EventMember.All.Length];
    private readonly ReadOnlyMemory<byte>?[] _objects = new ReadOnlyMemory<byte>?[EventMember.All.Length];
    private readonly List<EventFault> _faults = [];

    public IReadOnlyList<EventFault> Faults => _faults;

    /// <summary>Reads an object that is known to be JSON.</summary>
    public void Read(ReadOnlySpan<byte> json)
    {
        // Minified objects are never longer than they came, so this has room for all of them.
        var minified = new ArrayBufferWriter<byte>(json.Length);
        var reader = new Utf8JsonReader(json, MinifiedJson.AnyDepth);
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var position = PositionOf(ref reader);
            reader.Read();
            if (position < 0 || IsRepeated(position) || reader.TokenType is JsonTokenType.Null)
            {
                reader.Skip();
            }
            else if (EventMember.All[position].IsWellFormed is { } isWellFormed)
            {
                _texts[position] = ReadText(EventMember.All[position], isWellFormed, ref reader);
            }
            else
            {
                _objects[position] = ReadObject(EventMember.All[position], ref reader, minified);
            }
        }
    }

    /// <summary>Puts the event together, or completes <see cref="Faults"/>.</summary>
    public bool TryFinish(string? suppliedTenantId, [NotNullWhen(true)] out AcceptedEvent? accepted)
    {
        accepted = null;
        _texts[EventMember.TenantId.Position] ??= suppliedTenantId;
        RequireMissing();
        if (_faults.Count > 0)
        {
            return false;
        }

        var metadata = _objects[EventMember.Metadata.Position];
        accepted = new AcceptedEvent
        {
            Id = Text(EventMember.Id)!,
            Type = Text(EventMember.Type)!,
            TenantId = Text(EventMember.TenantId)!,
            Timestamp = Text(EventMember.Timestamp),
            Version = Text(EventMember.Version) ?? DefaultVersion,
            ContextId = Text(EventMember.ContextId),
            Data = _objects[EventMember.Data.Position]!.Value,
            Metadata = metadata,
            CorrelationId = metadata is null ? null : CorrelationId.In(metadata.Value),
        };
        return true;
    }

    private string? Text(EventMember member) => _texts[member.Position];

    private static int PositionOf(ref Utf8JsonReader reader)
    {
        for (var position = 0; position < EventMember.All.Length; position++)
        {
            if (JsonMember.IsNamed(ref reader, EventMember.All[position].Utf8Name))
            {
                return position;
            }
        }

        return -1;
    }

    // Which of two would count differs from reader to reader, so that neither may. Told once: a body has room for thousands.
    private bool IsRepeated(int position)
    {
        var occurrence = ++_occurrences[position];
        if (occurrence == 2)
        {
            Fault(EventMember.All[position], EventFault.Duplicate, "must not be repeated");
        }

        return occurrence > 1;
    }

    private string? ReadText(EventMember member, Predicate<string> isWellFormed, ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not JsonTokenType.String)
        {
            reader.Skip();
            return Fault(member, EventFault.InvalidType, "must be a string");
        }

        if (!JsonText.TryRead(ref reader, out var text) || !isWellFormed(text))
        {
            return Fault(member, EventFault.InvalidFormat, member.Form);
        }

        return member == EventMember.Type && !reserved && EventRules.IsReserved(text)
            ? Fault(member, EventFault.Reserved, $"must not start with '{EventRules.ReservedTypes}', which is reserved for the system's own events")
            : text;
    }

    private ReadOnlyMemory<byte>? ReadObject(EventMember member, ref Utf8JsonReader reader, ArrayBufferWriter<byte> minified)
    {
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            reader.Skip();
            Fault(member, EventFault.InvalidType, member.Form);
            return null;
        }

        var start = minified.WrittenCount;
        if (MinifiedJson.Copy(ref reader, minified) > EventRules.MaxDepth)
        {
            Fault(member, EventFault.TooDeep, $"must not be nested more than {EventRules.MaxDepth} deep");
        }

        return minified.WrittenMemory[start..];
    }

    private void RequireMissing()
    {
        for (var position = 0; position < EventMember.All.Length; position++)
        {
            var member = EventMember.All[position];
            if (member.IsRequired && _texts[position] is null && _objects[position] is null && !IsFaulty(member))
            {
                Fault(member, EventFault.Required, "is required");
            }
        }
    }

    private bool IsFaulty(EventMember member) => _faults.Exists(fault => fault.Pointer == PointerTo(member));

    private string? Fault(EventMember member, string code, string claim)
    {
        _faults.Add(new EventFault(PointerTo(member), code, claim));
        return null;
    }

    private string PointerTo(EventMember member) => $"{pointer}/{member.Name}";
}
