using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;
using Webhooks.Subscriptions.Profiles.Overrides;
using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Management.Subscriptions;

/// <summary>Reads the headers that a subscription adds, as a merge patch over those it has; names are the same in any case.</summary>
internal static class HeaderMembers
{
    public const string Name = "headers";

    public static CustomHeaders? Read(MemberReader body, CustomHeaders? present)
    {
        if (body.Object(Name) is not { } members)
        {
            return body.Names(Name) && !body.Has(Name) ? null : present;
        }

        var merged = new OrderedDictionary<string, string>(present?.All ?? [], StringComparer.OrdinalIgnoreCase);
        var named = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, place, text) in members.NamedTexts())
        {
            if (!named.Add(name))
            {
                members.Fault(place, FieldError.InvalidValue, "It is named twice; names are the same in upper and lower case.");
                continue;
            }

            if (text is null)
            {
                merged.Remove(name);
                continue;
            }

            var reading = ReadValue(name, text, present);
            if (reading.Fault is { } fault)
            {
                members.Fault(place, reading.Code, fault);
            }
            else
            {
                Put(merged, name, reading.Value!);
            }
        }

        if (merged.Count > HeaderRules.MostHeaders)
        {
            body.Fault(Name, FieldError.OutOfRange, $"There are {merged.Count}; at most {HeaderRules.MostHeaders} are possible.");
        }

        if (merged.Sum(header => header.Key.Length + header.Value.Length) > HeaderRules.MostCharacters)
        {
            body.Fault(Name, FieldError.OutOfRange, $"Names and values together must have at most {HeaderRules.MostCharacters} characters.");
        }

        return merged.Count == 0 ? null : new CustomHeaders(merged);
    }

    private static Reading<string> ReadValue(string name, string text, CustomHeaders? present)
    {
        if (HeaderRules.FaultOfName(name) is { } reserved)
        {
            return Reading<string>.Refuse(FieldError.InvalidValue, reserved);
        }

        // Who sends back what a GET showed keeps what there is, and does not send asterisks from now on.
        if (SecretText.IsMasked(text))
        {
            return text == SecretText.Hidden && present is not null && present.TryGetHidden(name, out var kept)
                ? Reading<string>.Of(kept)
                : Reading<string>.Refuse(FieldError.InvalidValue, "This is a hidden value as it is shown, and there is none that it could stand for.");
        }

        return HeaderRules.FaultOfValue(text) is { } fault ? Reading<string>.Refuse(FieldError.InvalidValue, fault) : Reading<string>.Of(text);
    }

    // In its place, so that the same again is no change; spelled as it was last.
    private static void Put(OrderedDictionary<string, string> headers, string name, string value)
    {
        var place = headers.IndexOf(name);
        if (place < 0)
        {
            headers.Add(name, value);
            return;
        }

        headers.RemoveAt(place);
        headers.Insert(place, name, value);
    }
}
