using System.Globalization;
using System.Text;

namespace Webhooks.Faults.Reporting;

/// <summary>A report as a table for people.</summary>
internal static class ReportTable
{
    private const int MostFindings = 30;

    public static string Of(Report report)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"| seed {report.Seed}, {report.Minutes} min | |")
            .AppendLine("|---|---|")
            .AppendLine(CultureInfo.InvariantCulture, $"| events | {report.Events} |")
            .AppendLine(CultureInfo.InvariantCulture, $"| deliveries | {report.Deliveries} in {report.Attempts} attempts |")
            .AppendLine(CultureInfo.InvariantCulture, $"| lost | {report.Lost} |")
            .AppendLine(CultureInfo.InvariantCulture, $"| duplicates | {report.Duplicates} ({report.DuplicateShare:P2}) |")
            .AppendLine(CultureInfo.InvariantCulture, $"| settled | {report.SettledAfterSeconds:0.0} s after the last fault |");
        foreach (var line in report.Faults)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {line.Fault} | {line.Count} times, recovery {Recovery(line)} |");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"| invariant | {(report.Holds ? "holds" : $"broken: {report.Findings.Count} findings, seed {report.Seed}")} |");
        foreach (var line in report.Findings.Take(MostFindings).Concat(report.Histories))
        {
            text.AppendLine(line);
        }

        if (!report.Holds)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"account: {report.Account}");
        }

        return text.ToString();
    }

    private static string Recovery(FaultLine line)
    {
        var measured = line.MedianRecovery is null
            ? "not measured"
            : string.Create(CultureInfo.InvariantCulture, $"{line.MedianRecovery:0.0} s median, {line.MaxRecovery:0.0} s at most");
        return measured
            + (line.Overtaken == 0 ? "" : $" ({line.Overtaken} overtaken by the next fault)")
            + (line.Unrecovered == 0 ? "" : $"; never after {line.Unrecovered}");
    }
}
