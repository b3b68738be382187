using System.Diagnostics;
using Webhooks.Local.Provisioning;
using Webhooks.Local.Provisioning.Packages;
using Webhooks.TestKit;

namespace Webhooks.Local.Tests.Provisioning;

public sealed class ClientScriptTests
{
    private const string Printer = "/usr/bin/printenv";

    [Theory]
    [InlineData("/plain/path")]
    [InlineData("it's a \"strange\" $HOME `path`")]
    public async Task It_says_of_the_server_what_is_so_whatever_the_caller_has_set(string value)
    {
        var script = ClientScript.OfPostgres(Printer, new Dictionary<string, string> { ["PGHOST"] = value });

        Assert.Equal((0, value + "\n"), await CallAsync(script, "PGHOST"));
        Assert.Equal((1, ""), await CallAsync(script, "PGSERVICE"));
        Assert.Equal((0, "kept\n"), await CallAsync(script, "UNRELATED"));
    }

    [Fact]
    public async Task Only_its_owner_may_read_it_for_it_holds_a_password()
    {
        var directory = await TestDirectory.CreateAsync("client");

        ClientScript.OfRabbitMq(Printer, new Dictionary<string, string>()).WriteTo(directory);

        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, new FileInfo(Path.Combine(directory, "rabbitmqctl")).UnixFileMode);
    }

    [Fact]
    public async Task It_is_deleted_again_and_no_other_file_of_its_name()
    {
        var directory = await TestDirectory.CreateAsync("client");
        var somebodys = Path.Combine(directory, "psql");
        await File.WriteAllTextAsync(somebodys, "#!/bin/sh\n# Somebody's own.\n");
        ClientScript.OfRabbitMq(Printer, new Dictionary<string, string>()).WriteTo(directory);

        ClientScript.DeleteAll(directory);

        Assert.Equal([somebodys], Directory.EnumerateFiles(directory));
    }

    private static async Task<(int ExitCode, string Output)> CallAsync(ClientScript script, string variable)
    {
        var directory = await TestDirectory.CreateAsync("client");
        script.WriteTo(directory);
        var elsewhere = new Dictionary<string, string?> { ["PGHOST"] = "elsewhere", ["PGSERVICE"] = "elsewhere", ["UNRELATED"] = "kept" };
        return await Programs.RunAsync(new ProcessStartInfo(Path.Combine(directory, script.Name), [variable]), "", elsewhere, CancellationToken.None);
    }
}
