using System.Text;

namespace Webhooks.Local.Provisioning;

/// <summary>
/// A script by which a person calls a private server's own client from any directory: without it neither client would find the
/// server, whose ports change with each start, or be let in.
/// </summary>
internal sealed class ClientScript
{
    private const string RabbitMqControl = "rabbitmqctl";
    private const string Psql = "psql";
    private const string Mark = "# Written when the server was started, and deleted when it is stopped. What the caller has set for another server does not count.";

    private readonly string _program;
    private readonly string _foreign;
    private readonly IReadOnlyDictionary<string, string> _environment;

    private ClientScript(string name, string program, string foreign, IReadOnlyDictionary<string, string> environment)
    {
        Name = name;
        _program = program;
        _foreign = foreign;
        _environment = environment;
    }

    /// <summary>The file's, which is the client's own.</summary>
    public string Name { get; }

    /// <param name="program">The client's path.</param>
    /// <param name="environment">What it must know of the server.</param>
    public static ClientScript OfRabbitMq(string program, IReadOnlyDictionary<string, string> environment) =>
        new(RabbitMqControl, program, "RABBITMQ_|ERL_", environment);

    /// <inheritdoc cref="OfRabbitMq"/>
    public static ClientScript OfPostgres(string program, IReadOnlyDictionary<string, string> environment) =>
        new(Psql, program, "PG", environment);

    /// <summary>Deletes what was written there, and no other file of such a name.</summary>
    public static void DeleteAll(string directory)
    {
        foreach (var path in new[] { RabbitMqControl, Psql }.Select(name => Path.Combine(directory, name)).Where(IsOurs))
        {
            File.Delete(path);
        }
    }

    /// <summary>It holds a password, so it is its owner's only.</summary>
    public void WriteTo(string directory)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        }

        using var writer = new StreamWriter(Path.Combine(directory, Name), options);
        writer.Write(Text());
    }

    private static bool IsOurs(string path) => File.Exists(path) && File.ReadLines(path).Skip(1).FirstOrDefault() == Mark;

    private string Text()
    {
        var text = new StringBuilder();
        text.Append("#!/bin/sh\n");
        text.Append($"{Mark}\n");
        text.Append($"unset $(env | grep -oE '^({_foreign})[A-Za-z0-9_]+')\n");
        foreach (var (name, value) in _environment)
        {
            text.Append($"export {name}={Quoted(value)}\n");
        }

        return text.Append($"exec {Quoted(_program)} \"$@\"\n").ToString();
    }

    private static string Quoted(string text) => $"'{text.Replace("'", """'\''""", StringComparison.Ordinal)}'";
}
