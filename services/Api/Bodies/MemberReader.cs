using System.Globalization;
using System.Text.Json;
using Webhooks.Api.Problems;
using Webhooks.Subscriptions.Shaping;

namespace Webhooks.Api.Bodies;

/// <summary>
/// Reads an object's members as a merge patch: absent keeps the present value, null takes the default. Faults are
/// collected, so that one answer names them all; what nobody asked for is unknown.
/// </summary>
internal sealed class MemberReader(JsonElement value, string pointer, List<FieldError> errors)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public IReadOnlyList<FieldError> Errors => errors;

    public void Fault(string name, string code, string message) => errors.Add(new FieldError(PointerTo(name), code, message));

    /// <summary>Is it there and not null?</summary>
    public bool Has(string name) => Find(name) is { ValueKind: not JsonValueKind.Null };

    /// <summary>Is it there, be it null?</summary>
    public bool Names(string name) => Find(name) is not null;

    /// <param name="name">The member.</param>
    /// <param name="present">What it keeps when absent.</param>
    /// <param name="whenNull">What null means.</param>
    /// <param name="find">Turns the text into the value, or says what is wrong with it.</param>
    public T Text<T>(string name, T present, T whenNull, Func<string, Reading<T>> find) => Read(name, present, whenNull, member =>
        ReadText(name, member) is { } text && Take(name, find(text), out var found) ? found : present);

    /// <summary>A list of texts, each judged by its own pointer.</summary>
    /// <param name="name">The member.</param>
    /// <param name="present">What it keeps when absent.</param>
    /// <param name="most">How many there may be; of more none is judged.</param>
    /// <param name="find">Turns a text into the value, or says what is wrong with it.</param>
    public IReadOnlyList<string>? Texts(string name, IReadOnlyList<string>? present, int most, Func<string, Reading<string>> find) => Read(name, present, null, member =>
    {
        if (member.ValueKind != JsonValueKind.Array)
        {
            Fault(name, FieldError.InvalidType, "It must be an array of strings.");
            return present;
        }

        if (member.GetArrayLength() > most)
        {
            Fault(name, FieldError.OutOfRange, string.Create(CultureInfo.InvariantCulture, $"It must have at most {most} elements."));
            return present;
        }

        var texts = new List<string>(member.GetArrayLength());
        foreach (var (index, element) in member.EnumerateArray().Index())
        {
            var place = $"{name}/{index.ToString(CultureInfo.InvariantCulture)}";
            if (ReadText(place, element) is { } text && Take(place, find(text), out var found))
            {
                texts.Add(found);
            }
        }

        return texts;
    });

    /// <summary>JSON with rules of its own; null takes it away.</summary>
    /// <param name="name">The member.</param>
    /// <param name="present">What it keeps when absent.</param>
    /// <param name="change">What comes of the member as a change of the present value.</param>
    /// <param name="read">Turns that into the value, or says what is wrong with it.</param>
    public T? Json<T>(string name, T? present, Func<JsonElement, JsonElement> change, Func<JsonElement, (T? Value, IReadOnlyList<ShapingFault> Faults)> read)
        where T : class => Read(name, present, null, member =>
    {
        var (found, faults) = read(change(member));
        foreach (var fault in faults)
        {
            Fault(name + fault.Pointer, FieldError.InvalidValue, fault.Message);
        }

        return found;
    });

    /// <summary>A number within bounds, both inclusive.</summary>
    public double Number(string name, double present, double whenNull, double from, double to) => Read(name, present, whenNull, member =>
    {
        if (member.ValueKind != JsonValueKind.Number)
        {
            Fault(name, FieldError.InvalidType, "It must be a number.");
            return present;
        }

        if (member.TryGetDouble(out var number) && number >= from && number <= to)
        {
            return number;
        }

        Fault(name, FieldError.OutOfRange, string.Create(CultureInfo.InvariantCulture, $"It must be from {from} to {to}."));
        return present;
    });

    /// <summary>A whole number within bounds, both inclusive.</summary>
    public int WholeNumber(string name, int present, int whenNull, int from, int to)
    {
        var faults = errors.Count;
        var number = Number(name, present, whenNull, from, to);
        if (errors.Count == faults && !double.IsInteger(number))
        {
            Fault(name, FieldError.InvalidType, "It must be a whole number.");
            return present;
        }

        return (int)number;
    }

    /// <summary>True or false.</summary>
    public bool Flag(string name, bool present, bool whenNull) => Read(name, present, whenNull, member =>
    {
        if (member.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return member.GetBoolean();
        }

        Fault(name, FieldError.InvalidType, "It must be true or false.");
        return present;
    });

    /// <summary>
    /// Members whose names are the sender's own, each with the place to complain of; the text is null when the member is. What is
    /// no text is refused here.
    /// </summary>
    public IEnumerable<(string Name, string Place, string? Text)> NamedTexts()
    {
        foreach (var member in value.EnumerateObject())
        {
            _known.Add(member.Name);
            var place = Escaped(member.Name);
            if (member.Value.ValueKind == JsonValueKind.Null)
            {
                yield return (member.Name, place, null);
            }
            else if (ReadText(place, member.Value) is { } text)
            {
                yield return (member.Name, place, text);
            }
        }
    }

    /// <summary>Is there a fault of this member or of anything in it?</summary>
    public bool IsFaulty(string name) =>
        errors.Any(error => error.Pointer == PointerTo(name) || error.Pointer.StartsWith(PointerTo(name) + "/", StringComparison.Ordinal));

    /// <summary>An object's members. Null: it is absent, null, or no object.</summary>
    public MemberReader? Object(string name)
    {
        if (Find(name) is not { ValueKind: not JsonValueKind.Null } member)
        {
            return null;
        }

        if (member.ValueKind == JsonValueKind.Object)
        {
            return new MemberReader(member, PointerTo(name), errors);
        }

        Fault(name, FieldError.InvalidType, "It must be an object.");
        return null;
    }

    /// <summary>Refuses every member that was not asked for until now.</summary>
    public void RefuseOthers()
    {
        foreach (var member in value.EnumerateObject())
        {
            if (!_known.Contains(member.Name))
            {
                Fault(Escaped(member.Name), FieldError.UnknownMember, "There is no such member.");
            }
        }
    }

    /// <exception cref="RefusedException">There was a fault.</exception>
    public void ThrowIfFaulty()
    {
        if (errors.Count > 0)
        {
            throw new RefusedException(Problem.Invalid(errors));
        }
    }

    /// <summary>Absent keeps what is present, null is what it means here, anything else is read.</summary>
    private T Read<T>(string name, T present, T whenNull, Func<JsonElement, T> read) => Find(name) switch
    {
        null => present,
        { ValueKind: JsonValueKind.Null } => whenNull,
        { } member => read(member),
    };

    private JsonElement? Find(string name)
    {
        _known.Add(name);
        return value.TryGetProperty(name, out var member) ? member : null;
    }

    private string? ReadText(string place, JsonElement member)
    {
        if (member.ValueKind != JsonValueKind.String)
        {
            Fault(place, FieldError.InvalidType, "It must be a string.");
            return null;
        }

        try
        {
            var text = member.GetString()!;
            // PostgreSQL has no text with it, and nobody means it.
            if (!text.Contains('\0'))
            {
                return text;
            }

            Fault(place, FieldError.InvalidValue, "It must not contain the character U+0000.");
        }
        catch (InvalidOperationException)
        {
            Fault(place, FieldError.InvalidValue, "It contains half of a surrogate pair.");
        }

        return null;
    }

    private bool Take<T>(string place, Reading<T> reading, out T found)
    {
        found = reading.Value!;
        if (reading.Fault is { } fault)
        {
            Fault(place, reading.Code, fault);
        }

        return reading.Fault is null;
    }

    private string PointerTo(string name) => $"{pointer}/{name}";

    /// <summary>A member's name as a step of a pointer.</summary>
    public static string Escaped(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
