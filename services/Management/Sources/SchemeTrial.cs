using Webhooks.Management.Subscriptions;
using Webhooks.Sources;

namespace Webhooks.Management.Sources;

/// <summary>
/// What of a signature's parts does not go together. The engine names one fault; it is put right in thought, so that it
/// names the next. Pure.
/// </summary>
internal static class SchemeTrial
{
    // No header of a sender is called so: what is put right collides with nothing.
    private const string SomeHeader = "~header";
    private const string SomeTimestamp = "~timestamp";
    private const string SomeId = "~id";

    /// <summary>Each with the member that is to blame, such as <c>/value_template</c>; of each member one.</summary>
    /// <param name="given">Those parts of it that could be read.</param>
    /// <param name="isFaulty">Was something of this member complained of before? Then it is put right from the beginning.</param>
    public static IEnumerable<(string Member, string Sentence)> FaultsOf(Authentication given, Func<string, bool> isFaulty)
    {
        string[] members = ["/header", "/separator", "/timestamp_header", "/timestamp_template", "/id_header", "/secret_encoding", "/secret_prefix"];
        var tried = members.Where(isFaulty).Aggregate(given, (mended, member) => Mend(mended, member) ?? mended);
        while (FaultOf(tried) is { } fault)
        {
            yield return (SchemeFault.MemberOf(fault), SchemeFault.SentenceOf(fault));
            if (Mend(tried, SchemeFault.MemberOf(fault)) is not { } mended || mended == tried)
            {
                yield break;
            }

            tried = mended;
        }
    }

    private static ArgumentException? FaultOf(Authentication tried)
    {
        try
        {
            _ = tried.Scheme();
            return null;
        }
        catch (ArgumentException fault)
        {
            return fault;
        }
    }

    private static Authentication? Mend(Authentication tried, string member) => member switch
    {
        "/header" => tried with { Header = SomeHeader, TimestampHeader = tried.TimestampTemplate is null ? tried.TimestampHeader : SomeHeader },
        "/timestamp_header" => tried with { TimestampHeader = tried.TimestampTemplate is null ? SomeTimestamp : tried.Header },
        "/timestamp_template" or "/separator" => tried with { TimestampTemplate = null, TimestampHeader = SomeTimestamp },
        "/id_header" => tried with { IdHeader = SomeId },
        "/value_template" => tried with { ValueTemplate = null },
        "/secret_prefix" or "/secret_encoding" => tried with { SecretPrefix = null },
        _ => null,
    };
}
