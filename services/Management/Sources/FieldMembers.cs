using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;
using Webhooks.Sources;
using Webhooks.Sources.Mapping;
using Webhooks.Subscriptions.Json;

namespace Webhooks.Management.Sources;

/// <summary>Reads how the callback's fields are filled: each field as a whole; null says that it is not filled.</summary>
internal static class FieldMembers
{
    public const string Name = "fields";

    public const int MostPointers = 10;
    public const int LongestPointer = 256;
    public const int MostValues = 100;
    public const int LongestText = 256;

    public static IReadOnlyDictionary<string, FieldMapping> Read(
        MemberReader body, IReadOnlyDictionary<string, FieldMapping> present, IReadOnlyDictionary<string, FieldMapping> usual)
    {
        if (body.Object(Name) is not { } members)
        {
            return body.Names(Name) && !body.Has(Name) ? usual : present;
        }

        var read = new Dictionary<string, FieldMapping>(present, StringComparer.Ordinal);
        foreach (var field in MappedField.All)
        {
            if (members.Object(field.Name) is { } mapping)
            {
                read[field.Name] = Read(mapping);
                if (field.Name == MappedField.Status)
                {
                    CheckStatuses(mapping, read[field.Name]);
                }
            }
            else if (members.Names(field.Name) && !members.Has(field.Name))
            {
                read.Remove(field.Name);
            }
        }

        members.RefuseOthers();
        return read;
    }

    private static FieldMapping Read(MemberReader mapping)
    {
        var pointers = mapping.Texts("pointers", [], MostPointers, ReadPointer) ?? [];
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (mapping.Object("values") is { } given)
        {
            foreach (var (text, place, value) in given.NamedTexts())
            {
                if (value is null || text.Length > LongestText || value.Length > LongestText)
                {
                    given.Fault(place, FieldError.InvalidValue, $"It must stand for a text; both have at most {LongestText} characters.");
                }
                else
                {
                    values[text] = value;
                }
            }

            if (values.Count > MostValues)
            {
                mapping.Fault("values", FieldError.OutOfRange, $"There may be at most {MostValues}.");
            }
        }

        var otherwise = mapping.Text<string?>("otherwise", null, null, text => text.Length <= LongestText
            ? Reading<string?>.Of(text)
            : Reading<string?>.Refuse(FieldError.OutOfRange, $"It must have at most {LongestText} characters."));
        if (pointers.Count == 0 && otherwise is null && !mapping.IsFaulty("pointers") && !mapping.IsFaulty("otherwise"))
        {
            mapping.Fault("pointers", FieldError.Required, "It would never be filled: give a pointer or an otherwise; null in place of the object leaves the field out.");
        }

        mapping.RefuseOthers();
        return new FieldMapping { Pointers = pointers, Values = values, Otherwise = otherwise };
    }

    // Every webhook that came to another one would be no command.
    private static void CheckStatuses(MemberReader mapping, FieldMapping status)
    {
        var statuses = $"It must be one of {string.Join(", ", MappedField.Statuses)}.";
        foreach (var (text, meaning) in status.Values.Where(value => !IsStatus(value.Value)))
        {
            mapping.Fault($"values/{JsonPointer.Escape(text)}", FieldError.InvalidValue, statuses);
        }

        if (status.Otherwise is { } otherwise && !IsStatus(otherwise))
        {
            mapping.Fault("otherwise", FieldError.InvalidValue, statuses);
        }
    }

    private static bool IsStatus(string text) => MappedField.Statuses.Contains(text.Trim(), StringComparer.OrdinalIgnoreCase);

    private static Reading<string> ReadPointer(string text) => text.Length <= LongestPointer && JsonPointer.TryParse(text, out _)
        ? Reading<string>.Of(text)
        : Reading<string>.Refuse(FieldError.InvalidFormat, $"It must be a JSON pointer (RFC 6901) of at most {LongestPointer} characters, such as /issue/key.");
}
