using System.Text;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Profiles;

namespace Webhooks.Subscriptions.Tests;

/// <summary>
/// The documented events, one with every oddity, and what each profile makes of them. The expected files were not made with
/// this code: expect.py made them from the events.
/// </summary>
internal static class Documents
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Rendering");

    public static IEnumerable<string> Names { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Folder, "Events"), "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    public static AcceptedEvent Event(string name) => Assert.IsType<EventReading.Accepted>(
        EventReader.Read(File.ReadAllBytes(Path.Combine(Folder, "Events", $"{name}.json")), tenantId: "tenant_001")).Event;

    public static string ExpectedBody(Profile profile, string name) =>
        File.ReadAllText(Path.Combine(Folder, "Bodies", profile.Name, $"{name}.json"), Encoding.UTF8).TrimEnd('\n');

    public static string[] ExpectedHeaders(Profile profile) => File.ReadAllLines(Path.Combine(Folder, "Headers", $"{profile.Name}.txt"));
}
