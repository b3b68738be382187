using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning;

namespace Webhooks.Local.Running;

/// <summary>
/// The whole system on this machine: servers, services, their supervision and <c>endpoints.json</c>. Ready when
/// <see cref="StartAsync"/> returns; disposing it stops everything, services first.
/// </summary>
internal sealed class LocalSystem : IAsyncDisposable
{
    private const string CallbackIngest = "CallbackIngest";

    private readonly LocalSystemOptions _options;
    private readonly OwnedDirectory _directory;
    private readonly ServiceSettings _settings;
    private readonly Servers _servers;
    private readonly Supervision _supervision;
    private readonly List<ServiceProcess> _services = [];
    private readonly Lock _writing = new();
    private bool _announced;

    private LocalSystem(LocalSystemOptions options, OwnedDirectory directory)
    {
        _options = options;
        _directory = directory;
        _settings = new ServiceSettings(options, directory.Path);
        _servers = new Servers(directory, _settings, options.Progress);
        _supervision = new Supervision(options.Progress);
    }

    /// <summary>As they are now: process ids change when a child is started again.</summary>
    public Endpoints Endpoints => new()
    {
        Management = _services.Single(service => service.Service == "Management").Url,
        Callbacks = _services.Single(service => service.Service == CallbackIngest).Url,
        Amqp = _servers.RabbitMqConnection,
        Postgres = _servers.PostgresConnection,
        AdminToken = _settings.AdminToken,
        Processes = new EndpointProcesses
        {
            RabbitMq = _servers.RabbitMq is { } broker ? [broker.ProcessId] : [],
            Postgres = _servers.Postgres is { } database ? [database.ProcessId] : [],
            Publisher = ProcessesOf("Publisher"),
            Dispatcher = ProcessesOf("Dispatcher"),
            CallbackIngest = ProcessesOf(CallbackIngest),
            Management = ProcessesOf("Management"),
        },
    };

    /// <summary>Present while the system is ready.</summary>
    public string EndpointsFile => Path.Combine(_directory.Path, "endpoints.json");

    /// <summary>Scripts that call the private servers' own clients, present while the system is ready.</summary>
    public IEnumerable<string> ClientScripts => _servers.Clients.Select(client => Path.Combine(_directory.Path, client.Name));

    public string LogDirectory => Path.Combine(_directory.Path, "logs");

    /// <exception cref="ProvisioningException">Something is missing or does not start; whatever was started is stopped again.</exception>
    /// <exception cref="DirectoryInUseException">A system runs in this state directory already.</exception>
    public static async Task<LocalSystem> StartAsync(LocalSystemOptions options, CancellationToken cancellationToken = default)
    {
        RefuseIfTaken(options.ManagementPort, "management");
        RefuseIfTaken(options.CallbacksPort, "callbacks");

        var system = new LocalSystem(options, await OwnedDirectory.TakeAsync(options.StateDirectory, cancellationToken));
        try
        {
            await system.StartAsync(cancellationToken);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_writing)
        {
            _announced = false;
            File.Delete(EndpointsFile);
            ClientScript.DeleteAll(_directory.Path);
        }

        await _supervision.DisposeAsync();
        await Task.WhenAll(_services.Select(service => service.StopAsync()));
        await _servers.DisposeAsync();
        _directory.Dispose();
    }

    private static void RefuseIfTaken(int? wanted, string what)
    {
        if (wanted is { } port && !FreePorts.IsFree(port))
        {
            throw new ProvisioningException($"Port {port} on 127.0.0.1, wanted for {what}, is taken; choose another one.");
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        // A killed runner's.
        File.Delete(EndpointsFile);
        ClientScript.DeleteAll(_directory.Path);
        Directory.CreateDirectory(LogDirectory);

        await Together.RunAsync(cancellationToken, _servers.StartAsync, BuildAsync);

        AddServices();
        await Together.RunAsync(cancellationToken, _services.Select(service => (Func<CancellationToken, Task>)(token => StartAsync(service, token))));

        foreach (var child in _servers.Children.Concat(_services))
        {
            child.Started += Announce;
            _supervision.Watch(child);
        }

        foreach (var client in _servers.Clients)
        {
            client.WriteTo(_directory.Path);
        }

        _announced = true;
        Announce();
    }

    private async Task BuildAsync(CancellationToken cancellationToken)
    {
        if (_options.Build)
        {
            await ServiceBuild.RunAsync(text => _options.Progress(new("services", StepState.Working, text)), cancellationToken);
            _options.Progress(new("services", StepState.Done, $"built ({Repository.Configuration})"));
        }
    }

    private void AddServices()
    {
        Add("Management", 1, _options.ManagementPort);
        Add("Publisher", _options.Publishers);
        Add("Dispatcher", _options.Dispatchers);
        Add(CallbackIngest, 1, _options.CallbacksPort);
    }

    private void Add(string service, int instances, int? port = null)
    {
        var assembly = Repository.ServiceAssembly(service);
        for (var instance = 1; instance <= instances; instance++)
        {
            var name = service.ToLowerInvariant() + (instance > 1 ? $"-{instance}" : "");
            var url = $"http://127.0.0.1:{port ?? FreePorts.Next()}";
            var environment = _settings.Environment(url, _servers.RabbitMqConnection, _servers.PostgresConnection);
            environment[OwnedDirectory.MarkVariable] = _directory.Mark;
            _services.Add(new ServiceProcess(name, service, url, new ChildCommand(Dotnet.Host, [assembly], LogFile.Fresh(LogDirectory, name))
            {
                Environment = environment,
                WorkingDirectory = Path.GetDirectoryName(assembly), // where appsettings.json is
            }));
        }
    }

    private async Task StartAsync(ServiceProcess service, CancellationToken cancellationToken)
    {
        _options.Progress(new(service.Name, StepState.Working, "starting"));
        await service.RestartAsync(cancellationToken);
        await service.WaitUntilReadyAsync(cancellationToken);
        _options.Progress(new(service.Name, StepState.Done, $"ready at {service.Url}"));
    }

    private void Announce()
    {
        lock (_writing)
        {
            if (_announced)
            {
                Endpoints.Write(EndpointsFile);
            }
        }
    }

    private int[] ProcessesOf(string service) =>
        [.. _services.Where(candidate => candidate.Service == service).Select(candidate => candidate.ProcessId)];
}
