using System.Reflection;
using Microsoft.Extensions.Options;

namespace Webhooks.Management.Tests.Configuration;

public sealed class StartTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData("Webhooks:AdminToken", "")]
    [InlineData("Webhooks:AdminToken", "no_prefix_but_long_enough_0000")]
    [InlineData("Webhooks:AdminToken", "whk_too_short")]
    [InlineData("Webhooks:SecretKeyId", "")]
    [InlineData("Webhooks:SecretKeyId", "missing")]
    [InlineData("Webhooks:SecretKeys:test", "c2hvcnQ=")]
    [InlineData("Webhooks:SecretKeys:test", "not base64")]
    [InlineData("Webhooks:SecretKeys:old", "c2hvcnQ=")]
    [InlineData("Webhooks:MaxEventBytes", "5")]
    [InlineData("Webhooks:AllowedAddresses", "everywhere")]
    [InlineData("Webhooks:TestsPerMinute", "0")]
    [InlineData("Webhooks:EgressRanges", "203.0.113.0/28, everywhere")]
    [InlineData("Webhooks:EgressRanges", "5")]
    [InlineData("Webhooks:EgressRanges:1", "203.0.113.0/33")]
    public async Task A_wrong_option_stops_the_start_with_a_sentence_that_names_the_key(string key, string value)
    {
        var stopped = await Assert.ThrowsAsync<OptionsValidationException>(() => RunAsync((key, value)));

        Assert.Contains(key, stopped.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("too_short", stopped.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("no_prefix", stopped.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_stored_secrets_need_stops_the_start_when_it_is_missing_or_another_one()
    {
        await api.SubscribeAsync("keys");
        var other = Convert.ToBase64String(Enumerable.Repeat((byte)7, 32).ToArray());

        var missing = await Assert.ThrowsAsync<OptionsValidationException>(() => RunAsync(without: "Webhooks:SecretKeys:test", ("Webhooks:SecretKeys:new", other), ("Webhooks:SecretKeyId", "new")));
        Assert.Contains("Webhooks:SecretKeys:test is missing", missing.Message, StringComparison.Ordinal);

        var wrong = await Assert.ThrowsAsync<OptionsValidationException>(() => RunAsync(("Webhooks:SecretKeys:test", other)));
        Assert.Contains("Webhooks:SecretKeys:test is not the key", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(other, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_wrong_options_of_a_kind_are_named_at_once()
    {
        var stopped = await Assert.ThrowsAsync<OptionsValidationException>(() => RunAsync(("Webhooks:SecretKeys:test", "x"), ("Webhooks:SecretKeys:old", "y"), ("Webhooks:SecretKeyId", "new")));

        Assert.All(["Webhooks:SecretKeys:test", "Webhooks:SecretKeys:old", "Webhooks:SecretKeyId"], key => Assert.Contains(key, stopped.Message, StringComparison.Ordinal));
    }

    /// <summary>Runs the program as a process would; it ends only because its start fails.</summary>
    private Task RunAsync(params (string Key, string Value)[] settings) => RunAsync(without: "", settings);

    private async Task RunAsync(string without, params (string Key, string Value)[] settings)
    {
        string[] arguments = [.. api.Settings().Where(setting => setting.Key != without).Concat(settings).Append(("urls", "http://127.0.0.1:0")).Select(setting => $"--{setting.Item1}={setting.Item2}")];
        try
        {
            await Task.Run(() => typeof(Management.Events.EventStore).Assembly.EntryPoint!.Invoke(null, [arguments])).WaitAsync(Limit);
        }
        catch (TargetInvocationException stopped)
        {
            throw stopped.InnerException!;
        }
    }
}
