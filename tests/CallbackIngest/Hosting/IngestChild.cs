using Webhooks.Local.Provisioning;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests;

/// <summary>The service as a process of its own, for a test that kills or measures it.</summary>
internal static class IngestChild
{
    /// <summary>One that has taken a callback.</summary>
    public static async Task<(ServiceChild Child, IngestClient Ingest)> StartChildAsync(this World world, params (string Key, string Value)[] settings)
    {
        var url = $"http://127.0.0.1:{FreePorts.Next()}";
        // Later ones win.
        var all = world.Settings([.. settings, ("Kestrel:Endpoints:Http:Url", url)]).Reverse().DistinctBy(setting => setting.Key);
        var child = await ServiceChild.StartAsync("CallbackIngest", all);
        var ingest = new IngestClient(new Uri(url));
        await Eventually.TrueAsync(() => IsThereAsync(ingest), World.Limit, "the child to be there");
        await Eventually.TrueAsync(async () => (await ingest.SendAsync(IngestClient.Body(), "warm")).Status == 200, World.Limit, "the child to be ready");
        await world.CommandsAsync();
        return (child, ingest);
    }

    private static async Task<bool> IsThereAsync(IngestClient ingest)
    {
        try
        {
            return (await ingest.SendAsync("{}", "k", World.ReadToken)).Status == 403;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
