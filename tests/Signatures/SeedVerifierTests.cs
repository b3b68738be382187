using System.Text;

namespace Webhooks.Signatures.Tests;

public sealed class SeedVerifierTests
{
    private const string Secret = "whsec_test_secret";

    public static MatrixTheoryData<string, string, string> Requests => new(
        ["node", "python3"],
        ["matcher", "matchaudit"],
        ["""{"id":"evt_exc_001","type":"exception.created","data":{"amount":15000.0}}""", """{"note":"café – 試験 ✓","emoji":"🧾"}""", "{}"]);

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task The_documented_function_accepts_what_the_engine_signs(string runtime, string scheme, string body)
    {
        SkipWithout(runtime);

        Assert.Equal("valid", await SeedVerifier.VerifyAsync(runtime, scheme, body, Sign(scheme, body), Secret));
    }

    [Theory]
    [InlineData("node", "matcher")]
    [InlineData("node", "matchaudit")]
    [InlineData("python3", "matcher")]
    [InlineData("python3", "matchaudit")]
    public async Task The_documented_function_refuses_a_changed_body(string runtime, string scheme)
    {
        SkipWithout(runtime);

        Assert.Equal("invalid", await SeedVerifier.VerifyAsync(runtime, scheme, """{"a":2}""", Sign(scheme, """{"a":1}"""), Secret));
    }

    private static void SkipWithout(string runtime) =>
        Assert.SkipUnless(SeedVerifier.HasRuntime(runtime), $"'{runtime}' is not installed; it runs the verification functions of the seed documents.");

    private static Dictionary<string, string> Sign(string scheme, string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        return scheme is "matcher"
            ? new()
            {
                ["X-Matcher-Timestamp"] = "1705758600",
                ["X-Matcher-Signature"] = new SigningKey(Schemes.Matcher, Secret).Sign(bytes, "1705758600"),
            }
            : new() { ["x-matchaudit-signature"] = new SigningKey(Schemes.MatchAudit, Secret).Sign(bytes) };
    }
}
