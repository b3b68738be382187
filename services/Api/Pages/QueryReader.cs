using System.Globalization;
using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;

namespace Webhooks.Api.Pages;

/// <summary>Reads a list's query, collecting faults. A parameter that nobody asked for is refused: a mistyped filter must not list everything.</summary>
internal sealed class QueryReader(IQueryCollection query)
{
    public const int DefaultLimit = 50;
    public const int LargestLimit = 200;
    public const string CursorName = "cursor";

    private readonly List<FieldError> _errors = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public string? Text(string name) => Find(name);

    public T? Value<T>(string name, Func<string, Reading<T>> find)
        where T : struct
    {
        if (Find(name) is not { } text)
        {
            return null;
        }

        var reading = find(text);
        if (reading.Fault is { } fault)
        {
            Fault(name, reading.Code, fault);
            return null;
        }

        return reading.Value;
    }

    /// <summary>One of a closed set of words.</summary>
    public string? OneOf(string name, IReadOnlyList<string> words)
    {
        var text = Find(name);
        if (text is not null && !words.Contains(text, StringComparer.Ordinal))
        {
            Fault(name, FieldError.InvalidValue, $"It must be {string.Join(", ", words.SkipLast(1))} or {words[^1]}.");
        }

        return text;
    }

    public DateTimeOffset? Time(string name) => Value(name, text => IsoTime.TryParse(text, out var time)
        ? Reading<DateTimeOffset>.Of(time)
        : Reading<DateTimeOffset>.Refuse(FieldError.InvalidFormat, "It must be a time with an offset, such as 2024-01-20T10:30:00Z."));

    public int Limit() => Value("limit", text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= LargestLimit
        ? Reading<int>.Of(limit)
        : Reading<int>.Refuse(FieldError.OutOfRange, $"It must be a whole number from 1 to {LargestLimit}.")) ?? DefaultLimit;

    /// <exception cref="RefusedException">It is not one that this list gave out.</exception>
    public Cursor? Cursor(char list) => Cursor((string text, out Cursor cursor) => Pages.Cursor.TryRead(list, text, out cursor));

    /// <summary>The cursor of a list whose key is another than a time and an id.</summary>
    /// <exception cref="RefusedException">It is not one that this list gave out.</exception>
    public T? Cursor<T>(CursorRead<T> read)
        where T : struct
    {
        if (Find(CursorName) is not { } text)
        {
            return null;
        }

        return read(text, out var cursor) ? cursor : throw new RefusedException(Problem.InvalidCursor);
    }

    /// <summary>Of a list in the order of names: the last name of the page before.</summary>
    /// <exception cref="RefusedException">It is not one that this list gave out.</exception>
    public string? NameCursor(char list)
    {
        if (Find(CursorName) is not { } text)
        {
            return null;
        }

        return Pages.NameCursor.TryRead(list, text, out var name) ? name : throw new RefusedException(Problem.InvalidCursor);
    }

    public void Fault(string name, string code, string message) => _errors.Add(new FieldError("/" + name, code, message));

    /// <exception cref="RefusedException">There was a fault.</exception>
    public void ThrowIfFaulty()
    {
        foreach (var name in query.Keys.Where(name => !_known.Contains(name)))
        {
            Fault(name, FieldError.UnknownMember, "There is no such parameter.");
        }

        if (_errors.Count > 0)
        {
            throw new RefusedException(Problem.Invalid(_errors));
        }
    }

    private string? Find(string name)
    {
        _known.Add(name);
        switch (query[name].ToArray())
        {
            case []:
                return null;
            case [{ Length: > 0 } text] when !text.Any(character => character == '\0' || char.IsSurrogate(character)):
                return text;
            case [""] when name == CursorName:
                return null;
            default:
                // Empty, too: an unset variable in a script must not list everything.
                Fault(name, FieldError.InvalidFormat, "It is empty, given twice, or contains characters that no value has.");
                return null;
        }
    }
}

/// <summary>Reads one list's cursor; false: it gave out no such.</summary>
internal delegate bool CursorRead<T>(string text, out T cursor);
