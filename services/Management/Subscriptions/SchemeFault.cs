using Webhooks.Signatures;

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
        "timestampTemplate" => "/timestamp_template",
        "secretPrefix" => "/secret_prefix",
        _ => "",
    };

    /// <summary>Its sentence, without what .NET adds for programmers.</summary>
    public static string SentenceOf(ArgumentException fault) =>
        fault.Message.Replace($" (Parameter '{fault.ParamName}')", "", StringComparison.Ordinal);

    /// <summary>Null when each template can be read by itself; whether they go together with the rest is asked afterwards.</summary>
    public static string? OfTemplates(string message = "{body}", string value = "{digest}", string? timestamp = null)
    {
        try
        {
            // Headers for whatever the message asks for: which there are is not known yet.
            _ = timestamp is null
                ? new SignatureScheme("~signature", message, value, timestampHeader: "~timestamp", idHeader: "~id")
                : new SignatureScheme("~signature", message, value, timestampHeader: "~signature", multiple: SignatureSeparator.Comma, timestampTemplate: timestamp);
            return null;
        }
        catch (ArgumentException fault)
        {
            return SentenceOf(fault);
        }
    }
}
