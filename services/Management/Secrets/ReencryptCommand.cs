using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Options;
using Npgsql;
using Webhooks.Database;
using Webhooks.Database.Faults;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Management.Secrets;

/// <summary>The command that ends a rotation of the keys that encrypt secrets: afterwards nothing needs an old key.</summary>
internal static class ReencryptCommand
{
    public const string Name = "reencrypt-secrets";

    private const int UsualChunk = 500;
    private const int LargestChunk = 10_000;

    public static Command Create()
    {
        var chunk = new Option<int>("--chunk-size")
        {
            Description = $"How many subscriptions are done in one transaction, 1 to {LargestChunk}.",
            DefaultValueFactory = _ => UsualChunk,
            HelpName = "N",
        };
        chunk.Validators.Add(given =>
        {
            if (given.GetValue(chunk) is < 1 or > LargestChunk)
            {
                given.AddError($"--chunk-size takes 1 to {LargestChunk}.");
            }
        });

        var command = new Command(
            Name,
            "Encrypts the stored secrets anew that are under another key than Webhooks:SecretKeyId. Services may run meanwhile; a run that was ended goes on when it is started again. Configured as the service is.")
        {
            chunk,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(chunk), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(int chunkSize, CancellationToken cancellationToken)
    {
        try
        {
            var builder = WebApplication.CreateBuilder();
            builder.Logging.ClearProviders();
            builder.AddDatabase();
            builder.AddSubscriptionStore();
            // Never started: it lends its configuration and its services.
            await using var app = builder.Build();
            return await RunAsync(app.Services, chunkSize, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Fail("Stopped. Start it again to go on.");
        }
        catch (OptionsValidationException invalid)
        {
            return Fail([.. invalid.Failures]);
        }
        catch (InvalidOperationException missing) when (missing.Source == typeof(DatabaseModule).Assembly.GetName().Name)
        {
            return Fail(missing.Message);
        }
        catch (PostgresException fault) when (fault.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return Fail("The database has no tables yet: start a service first, which makes them.");
        }
        catch (Exception fault) when (DatabaseFault.IsOurs(fault))
        {
            return Fail($"The database is away: {fault.Message} Start it again to go on.");
        }
    }

    private static async Task<int> RunAsync(IServiceProvider services, int chunkSize, CancellationToken cancellationToken)
    {
        var faults = await services.GetRequiredService<SecretKeyCheck>().FindFaultsAsync(cancellationToken);
        if (faults.Count > 0)
        {
            return Fail([.. faults]);
        }

        var reencryption = services.GetRequiredService<SecretReencryption>();
        var total = await reencryption.CountAsync(cancellationToken);
        Say($"{total} secrets are under another key than \"{reencryption.KeyId}\".");
        var (done, refused) = (0L, 0L);
        for (var after = Guid.Empty; await reencryption.NextAsync(after, chunkSize, cancellationToken) is { } chunk; after = chunk.End)
        {
            (done, refused) = (done + chunk.Count, refused + chunk.Faults.Count);
            Fail([.. chunk.Faults]);
            Say($"{done} of {total} are encrypted anew.");
        }

        var left = await reencryption.CountAsync(cancellationToken);
        Say($"Done: {done} secrets encrypted anew with the key \"{reencryption.KeyId}\", {left} left under other keys.");
        return (left, refused) switch
        {
            (0, _) => 0,
            (_, 0) => Fail("A service that still encrypts with another key wrote secrets meanwhile: restart it with the new Webhooks:SecretKeyId, then start this again."),
            _ => Fail("Some could not be opened, as said above. Rotate those subscriptions' secrets, or restore their rows."),
        };
    }

    private static void Say(FormattableString line) => Console.Out.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static int Fail(params ReadOnlySpan<string> sentences)
    {
        foreach (var sentence in sentences)
        {
            Console.Error.WriteLine(sentence);
        }

        return 1;
    }
}
