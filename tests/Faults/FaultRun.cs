using System.Diagnostics;
using Webhooks.Faults.Injecting;
using Webhooks.Faults.Planning;
using Webhooks.Faults.Reporting;
using Webhooks.Faults.Running;

namespace Webhooks.Faults;

/// <summary>One run from start to finish: load, faults, recovery, judgement.</summary>
internal sealed class FaultRun(FaultOptions options, Action<string> progress)
{
    public async Task<Report> RunAsync()
    {
        var plan = FaultSchedule.Plan(options.Seed, options.Length);
        progress($"seed {options.Seed}: {plan.OfTheSystem.Count} faults of the system, {plan.OfReceivers.Count} of receivers; starting the system");
        await using var system = await FaultedSystem.StartAsync(options);
        await using var trial = await Trial.StartAsync(system.Services, system.DatabaseConnection, options.Rate);
        var injector = new Injector(system, trial.Receivers);
        var clock = Stopwatch.StartNew();

        await Task.WhenAll(InjectAsync(plan.OfTheSystem, ofReceivers: false), InjectAsync(plan.OfReceivers, ofReceivers: true));

        progress("the faults are over");
        var judgement = await trial.EndAsync(options.Settling);
        progress($"settled after {judgement.SettledAfter.TotalSeconds:0.0} s");
        return Report.Of(options, judgement, trial.Recoveries.All);

        async Task InjectAsync(IReadOnlyList<PlannedFault> row, bool ofReceivers)
        {
            var planned = TimeSpan.Zero;
            foreach (var fault in row)
            {
                // The pause, not the moment, is kept: one that took longer than planned (a server's start) puts the others off.
                await Task.Delay(fault.At - planned);
                planned = fault.End;
                trial.Recoveries.Overtake(ofReceivers);
                progress($"{clock.Elapsed:mm\\:ss} {fault.Kind.Name}{(fault.Duration > TimeSpan.Zero ? $" for {fault.Duration.TotalSeconds:0.0} s" : "")}");
                await injector.InjectAsync(fault);
                trial.Recoveries.Await(fault.Kind, ofReceivers ? Injector.ReceiverOf(fault) : null);
            }
        }
    }
}
