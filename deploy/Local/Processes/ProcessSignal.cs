using System.Runtime.InteropServices;

namespace Webhooks.Local.Processes;

/// <summary>Signals to other processes; .NET itself can only send SIGKILL.</summary>
internal static partial class ProcessSignal
{
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>False when there is no such process any more, or it is not ours to signal.</summary>
    public static bool Send(int processId, int signal) => SendSignal(processId, signal) == 0;

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int processId, int signal);
}
