namespace Webhooks.Management.Subscriptions;

/// <summary>What the signature engine complains of, in the API's words.</summary>
internal static class SchemeFault
{
    /// <summary>The member that is wrong, from its name in code; empty when it is none of them.</summary>
    public static string MemberOf(ArgumentException fault) => fault.ParamName switch
    {
        "signatureHeader" => "/header",
        "timestampHeader" => "/timestamp_header",
        "idHeader" => "/id_header",
        "messageTemplate" => "/message_template",
        "valueTemplate" => "/value_template",
        "secretPrefix" => "/secret_prefix",
        _ => "",
    };

    /// <summary>Its sentence, without what .NET adds for programmers.</summary>
    public static string SentenceOf(ArgumentException fault) =>
        fault.Message.Replace($" (Parameter '{fault.ParamName}')", "", StringComparison.Ordinal);
}
