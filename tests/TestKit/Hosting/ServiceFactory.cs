using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;

namespace Webhooks.TestKit;

/// <summary>Program of one of our services, with a test's settings, on a free port.</summary>
/// <typeparam name="TBeside">Any type of the service: its Program is found beside it.</typeparam>
public class ServiceFactory<TBeside> : WebApplicationFactory<TBeside>
    where TBeside : class
{
    private readonly IEnumerable<KeyValuePair<string, string>> _settings;

    /// <param name="settings">Configuration keys, with colons; later ones win.</param>
    public ServiceFactory(IEnumerable<KeyValuePair<string, string>> settings)
    {
        _settings = settings;
        UseKestrel();
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        // Not UseKestrel(0): that changes the address of a server that its own Program may have started already (dotnet/aspnetcore 67714).
        builder.UseSetting(WebHostDefaults.ServerUrlsKey, "http://127.0.0.1:0");
        foreach (var (key, value) in _settings)
        {
            builder.UseSetting(key, value);
        }
    }
}
