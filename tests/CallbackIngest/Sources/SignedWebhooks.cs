using System.Text;

namespace Webhooks.CallbackIngest.Tests.Sources;

/// <summary>
/// Webhooks after the senders' documents. The signatures are constants: the documented ones, and those of our own payloads
/// computed with Python's hmac, so that nothing here is signed by what verifies it.
/// </summary>
internal static class SignedWebhooks
{
    public static readonly DateTimeOffset SignedAt = DateTimeOffset.FromUnixTimeSeconds(1_705_758_600);

    public const string DocumentedSecret = "It's a Secret to Everybody";

    public const string Jira =
        """{"timestamp":1768473000000,"webhookEvent":"jira:issue_updated","issue_event_type_name":"issue_generic","issue":{"id":"10002","key":"RECON-1234","fields":{"status":{"name":"Done","id":"10001","statusCategory":{"id":3,"key":"done","name":"Done"}},"resolution":{"name":"Done"},"assignee":{"accountId":"557058:c9eb","displayName":"John Doe","emailAddress":"john.doe@company.com"},"labels":[],"updated":"2026-01-15T10:30:00.000+0000","duedate":null}}}""";

    public const string JiraSignature = "sha256=af6a6a16dbf4ec440a475e18dc028f90cec5149d81374aff3875a52e1fea6ed5";

    public const string Stripe =
        """{"id":"evt_1","object":"event","type":"charge.dispute.closed","created":1705758590,"data":{"object":{"id":"du_1","status":"won","metadata":{"exception_id":"exc_001"}}}}""";

    public const string StripeSecret = "whsec_stripe_test_secret_0001";
    public const string StripeDigest = "40bbb79fd1220e0fcbd3c766756eb242f7e493db9f59d1b80e87abb8ca74e823";

    public const string Slack =
        """{"type":"event_callback","event_id":"Ev0001","event_time":1705758599,"event":{"type":"reaction_added","exception":"exc_001","text":"done"}}""";

    public const string SlackSecret = "8f742231b10e8888abcd99yyyzzz85a5";
    public const string SlackSignature = "v0=d6015aedaafb0d66e1bfaeef830ed4fdabe44b50d836448795f622f2210757fa";

    /// <summary>Slack's own example of a signed request.</summary>
    public const string SlackDocumented =
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";

    public const string SlackDocumentedSignature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    public const string ServiceNow =
        """{"sys_id":"9d385017c611228701d22104cc95c371","number":"INC0012345","state":"6","close_notes":"Refunded","assigned_to":"john.doe","correlation_id":"exc_001","sys_updated_on":"2026-01-15 10:30:00","sys_mod_count":"4"}""";

    public const string ServiceNowSecret = "servicenow shared key 01";
    public const string ServiceNowSignature = "aDM2836UpCc/s9aJeUTI+Ab+PiJpCOUgPDBt7vsTXug=";

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
