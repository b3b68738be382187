using System.Globalization;
using System.Text.Json;
using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;
using Webhooks.CallbackIngest.Keys;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Subscriptions.Json;

namespace Webhooks.CallbackIngest.Callbacks;

/// <summary>
/// Reads a callback's body by the fields of its route. Pure. What cannot be read is collected, so that one answer (400)
/// names it all; what can be read and cannot be done is in it too, and a 422 when nothing else is wrong.
/// </summary>
internal sealed class CallbackBodyReader(CallbackRoute route, List<FieldError> errors)
{
    /// <summary>Levels. Unknown members go one level deeper into the command, and its readers stop at 64.</summary>
    public const int Deepest = 60;

    // Callers elsewhere have clocks and calendars of their own; the command's readers have not.
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'";

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = Deepest };

    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly List<Problem> _refusals = [];
    private DateTimeOffset? _updatedAt;
    private JsonElement? _payload;

    /// <summary>The system that calls, upper case, also of a body that is refused; null: it was not read.</summary>
    public string? ExternalSystem => _texts.GetValueOrDefault(SystemField.Name);

    private CallbackField SystemField => route.Fields.First(one => one.Kind == FieldKind.System);

    /// <exception cref="RefusedException">400, or 422.</exception>
    public CallbackBody Read(ReadOnlyMemory<byte> body)
    {
        var root = Parse(body);
        foreach (var field in route.Fields)
        {
            Read(field, root.TryGetProperty(field.Name, out var value) ? value : default);
        }

        foreach (var field in route.Fields)
        {
            CheckNeeds(field);
        }

        IReadOnlyList<JsonProperty> others = [.. root.EnumerateObject().Where(member => route.Fields.All(field => field.Name != member.Name))];
        CheckOthers(others);
        if (errors.Count > 0)
        {
            throw new RefusedException(IdempotencyKey.ProblemOf([.. errors, .. _refusals.SelectMany(refusal => refusal.Errors)]));
        }

        if (_refusals is [var first, ..])
        {
            throw new RefusedException(first with { Errors = [.. _refusals.SelectMany(refusal => refusal.Errors)] });
        }

        return new CallbackBody
        {
            ExternalSystem = _texts[SystemField.Name],
            UpdatedAt = _updatedAt,
            Texts = _texts,
            Payload = _payload,
            Others = others,
        };
    }

    /// <summary>What was understood and cannot be done: <c>invalid_status</c>.</summary>
    public static Problem InvalidChoice(CallbackField field) => Refusal($"invalid_{field.Member}", NotOneOf(field).Message, [NotOneOf(field)]);

    /// <summary>What was understood and lacks something: <c>assignee_missing</c>.</summary>
    public static Problem MissingNeed(CallbackRoute route, CallbackField field, string choice, string needed)
    {
        var other = route.Fields.First(candidate => candidate.Name == needed);
        var error = Error(other, FieldError.Required, $"The {field.Name} {choice} needs the {needed}.");
        return Refusal($"{other.Member}_missing", error.Message, [error]);
    }

    private static Problem Refusal(string code, string detail, IReadOnlyList<FieldError> errors) =>
        new(StatusCodes.Status422UnprocessableEntity, code, detail) { Errors = errors };

    private static FieldError NotOneOf(CallbackField field) =>
        Error(field, FieldError.InvalidValue, $"The {field.Name} must be one of {string.Join(", ", field.Choices)}.");

    private static JsonElement Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new RefusedException(Problem.MalformedJson("The body must be a JSON object."));
        }
        // The second: an escaped half of a surrogate pair in a member's name.
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new RefusedException(Problem.MalformedJson(JsonFault.Of(body.Span, Deepest)));
        }
    }

    private void Read(CallbackField field, JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            Missing(field);
        }
        else if (field.Kind == FieldKind.Payload)
        {
            _payload = value;
            if (value.ValueKind != JsonValueKind.Object)
            {
                Fault(field, FieldError.InvalidType, "It must be an object.");
            }
        }
        else if (TextOf(field, value) is { } text)
        {
            Take(field, text);
        }
    }

    private void Missing(CallbackField field)
    {
        if (field.IsRequired)
        {
            Fault(field, FieldError.Required, "It is required.");
        }
    }

    private string? TextOf(CallbackField field, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            Fault(field, FieldError.InvalidType, "It must be a string.");
            return null;
        }

        string text;
        try
        {
            text = value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            Fault(field, FieldError.InvalidValue, "It contains half of a surrogate pair.");
            return null;
        }

        // A time has no blanks around it, and a blank one is none.
        if (field.Kind is FieldKind.Time or FieldKind.UpdatedAt)
        {
            return text;
        }

        text = text.Trim();
        if (text.Length == 0)
        {
            Missing(field);
            return null;
        }

        return text;
    }

    private void Take(CallbackField field, string text)
    {
        switch (field.Kind)
        {
            case FieldKind.Time or FieldKind.UpdatedAt:
                TakeTime(field, text);
                break;
            case FieldKind.Choice when field.Choices.FirstOrDefault(choice => choice.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } choice:
                _texts[field.Name] = choice;
                break;
            case FieldKind.Choice:
                _refusals.Add(InvalidChoice(field));
                break;
            case var _ when text.Length > field.Longest:
                Fault(field, FieldError.OutOfRange, string.Create(CultureInfo.InvariantCulture, $"It must have at most {field.Longest} characters."));
                break;
            case var _ when text.Contains('\0') || (field.Kind == FieldKind.System && text.Any(char.IsControl)):
                Fault(field, FieldError.InvalidValue, "It must not contain control characters.");
                break;
            default:
                _texts[field.Name] = field.Kind == FieldKind.System ? text.ToUpperInvariant() : text;
                break;
        }
    }

    private void TakeTime(CallbackField field, string text)
    {
        if (!Rfc3339.TryParse(text, out var time))
        {
            Fault(field, FieldError.InvalidFormat, $"It must be a time with an offset as RFC 3339 writes it, such as 2024-01-20T10:30:00Z, in at most {Rfc3339.Longest} characters; second 60 there is only at 23:59:60 UTC.");
            return;
        }

        _texts[field.Name] = time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
        _updatedAt = field.Kind == FieldKind.UpdatedAt ? time : _updatedAt;
    }

    private void CheckNeeds(CallbackField field)
    {
        if (field.Needs is var (choice, needed) && _texts.GetValueOrDefault(field.Name) == choice && !_texts.ContainsKey(needed))
        {
            // Said already, if it is there and cannot be read.
            if (!errors.Exists(error => error.Pointer == "/" + needed))
            {
                _refusals.Add(MissingNeed(route, field, choice, needed));
            }
        }
    }

    // Members without a place of their own join the payload's. One of two that differ would be lost there.
    private void CheckOthers(IReadOnlyList<JsonProperty> others)
    {
        if (others.Count == 0 || _payload is not { ValueKind: JsonValueKind.Object } payload)
        {
            return;
        }

        // By their names: to search all of a large payload for each of many others would take half a minute.
        var inPayload = payload.EnumerateObject().ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal);
        foreach (var member in others.Where(member => inPayload.TryGetValue(member.Name, out var same) && same.GetRawText() != member.Value.GetRawText()))
        {
            errors.Add(new FieldError("/" + JsonPointer.Escape(member.Name), FieldError.InvalidValue, "The payload has a member of this name with another value, and the command keeps both in one place."));
        }
    }

    private void Fault(CallbackField field, string code, string message) => errors.Add(Error(field, code, message));

    private static FieldError Error(CallbackField field, string code, string message) => new("/" + field.Name, code, message);
}
