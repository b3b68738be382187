namespace Webhooks.Architecture.Tests;

/// <summary>How services end.</summary>
public sealed class EndingTests
{
    /// <summary>The stop of any other one may wait for a server that says nothing, for ever.</summary>
    [Fact]
    public void Every_background_service_is_a_ServiceLoop() =>
        Assert.Equal(["services/Database/Faults/ServiceLoop.cs"], FilesWith(": BackgroundService"));

    /// <summary>The framework's own runs end with an exception when they are told to stop while they start, and wait for whatever hangs.</summary>
    [Fact]
    public void Every_service_is_run_by_RunServiceAsync()
    {
        Assert.Equal(4, FilesWith(".RunServiceAsync()").Count());
        Assert.Empty(FilesWith("app.RunAsync("));
        Assert.Empty(FilesWith("app.Run("));
    }

    private static IEnumerable<string> FilesWith(string text) => Repository.FilesBelow(".cs", "services")
        .Where(file => File.ReadAllText(Path.Combine(Repository.Root, file)).Contains(text, StringComparison.Ordinal));
}
