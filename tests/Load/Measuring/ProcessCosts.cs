using System.Globalization;

namespace Webhooks.Load.Measuring;

/// <summary>CPU time and resident memory of each named group of processes, their children included.</summary>
internal sealed record ProcessCosts(IReadOnlyDictionary<string, TimeSpan> Cpu, IReadOnlyDictionary<string, long> ResidentBytes)
{
    // Linux counts CPU time in hundredths of a second (USER_HZ), whatever the kernel's own tick.
    private const double TicksPerSecond = 100;

    public static ProcessCosts Of(IReadOnlyDictionary<string, int[]> processes)
    {
        var all = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid) ? Stat.Read(pid) : null)
            .OfType<Stat>()
            .ToDictionary(stat => stat.Pid);
        var named = processes.Values.SelectMany(roots => roots).ToHashSet();
        var cpu = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        var memory = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (name, roots) in processes.Where(process => process.Value.Length > 0))
        {
            var family = all.Values.Where(stat => roots.Contains(Nearest(stat, named, all))).ToList();
            cpu[name] = TimeSpan.FromSeconds(family.Sum(stat => stat.CpuTicks) / TicksPerSecond);
            memory[name] = family.Sum(stat => Stat.ProportionalBytes(stat.Pid));
        }

        return new ProcessCosts(cpu, memory);
    }

    public ProcessCosts Since(ProcessCosts before) => this with
    {
        Cpu = Cpu.ToDictionary(process => process.Key, process => process.Value - before.Cpu.GetValueOrDefault(process.Key), StringComparer.Ordinal),
    };

    /// <summary>CPU microseconds for each of so many things, by process.</summary>
    public IReadOnlyDictionary<string, double> MicrosecondsPer(int things) => Cpu.ToDictionary(
        process => process.Key, process => Math.Round(process.Value.TotalMicroseconds / things, 1), StringComparer.Ordinal);

    /// <summary>Resident memory, by process.</summary>
    public IReadOnlyDictionary<string, double> Megabytes =>
        ResidentBytes.ToDictionary(process => process.Key, process => Math.Round(process.Value / 1048576.0, 1), StringComparer.Ordinal);

    /// <summary>The nearest named ancestor, or itself; 0 when there is none. The services are this process's own descendants.</summary>
    private static int Nearest(Stat stat, HashSet<int> named, Dictionary<int, Stat> all)
    {
        var current = stat;
        while (!named.Contains(current.Pid))
        {
            if (!all.TryGetValue(current.ParentPid, out var parent))
            {
                return 0;
            }

            current = parent;
        }

        return current.Pid;
    }

    private sealed record Stat(int Pid, int ParentPid, long CpuTicks)
    {
        /// <summary>Null: the process has ended meanwhile.</summary>
        public static Stat? Read(int pid)
        {
            try
            {
                var line = File.ReadAllText($"/proc/{pid}/stat");
                // The name in parentheses may hold spaces; fields are counted after it. utime and stime, then those of children that
                // have ended: PostgreSQL's idle sessions and autovacuum's workers do, in the middle of a measurement.
                var fields = line[(line.LastIndexOf(')') + 2)..].Split(' ');
                return new Stat(pid, Number(fields[1]), Enumerable.Range(11, 4).Sum(field => (long)Number(fields[field])));
            }
            catch (IOException)
            {
                return null;
            }
        }

        /// <summary>Shared pages (PostgreSQL's buffers) count once over all who map them.</summary>
        public static long ProportionalBytes(int pid)
        {
            try
            {
                var line = File.ReadLines($"/proc/{pid}/smaps_rollup").First(line => line.StartsWith("Pss:", StringComparison.Ordinal));
                return Number(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024L;
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                return 0;
            }
        }

        private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
    }
}
