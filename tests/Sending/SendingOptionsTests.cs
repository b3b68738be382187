using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Webhooks.Sending;

public sealed class SendingOptionsTests
{
    [Fact]
    public async Task Defaults_start()
    {
        using var host = Host([]);

        await host.StartAsync(TestContext.Current.CancellationToken);

        Assert.NotNull(host.Services.GetRequiredService<WebhookSender>());
        Assert.NotNull(host.Services.GetRequiredService<UrlRules>().FindFault("http://example.com"));
    }

    [Fact]
    public async Task Settings_reach_the_rules()
    {
        using var host = Host(new() { ["Webhooks:AllowInsecureUrls"] = "true", ["Webhooks:AllowedAddresses"] = "127.0.0.0/8" });

        await host.StartAsync(TestContext.Current.CancellationToken);

        Assert.Null(host.Services.GetRequiredService<UrlRules>().FindFault("http://127.0.0.1/"));
    }

    [Fact]
    public async Task Every_wrong_setting_is_named_at_start()
    {
        using var host = Host(new()
        {
            ["Webhooks:AllowedAddresses"] = "127.0.0.0/8 everywhere",
            ["Webhooks:SourceAddress"] = "eth0",
            ["Webhooks:TrustedCertificates"] = "/nowhere/ca.pem",
        });

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains("Webhooks:AllowedAddresses contains 'everywhere', which is not a CIDR range", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Webhooks:SourceAddress is 'eth0', which is not an IP address", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Webhooks:TrustedCertificates is '/nowhere/ca.pem', which cannot be read", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("eth0")]
    [InlineData("8.8.8.8")]
    [InlineData("2606:4700::1111")]
    public async Task A_source_address_of_another_machine_is_refused_at_start(string address)
    {
        using var host = Host(new() { ["Webhooks:SourceAddress"] = address });

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains($"Webhooks:SourceAddress is '{address}', which is not an IP address", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_without_a_certificate_is_refused_at_start()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "no certificate here", TestContext.Current.CancellationToken);
        using var host = Host(new() { ["Webhooks:TrustedCertificates"] = file });

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains("which holds no certificate", failure.Message, StringComparison.Ordinal);
        File.Delete(file);
    }

    private static IHost Host(Dictionary<string, string?> settings)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        Microsoft.Extensions.Configuration.MemoryConfigurationBuilderExtensions.AddInMemoryCollection(builder.Configuration, settings);
        builder.AddSending();
        return builder.Build();
    }
}
